"""The marketers' routes for campaigns and what is planned beside them, and for letting one person in."""

from __future__ import annotations

from typing import Any

from services.journeys.bootstrap import campaigns as bootstrap
from services.journeys.handlers.bodies import document_body
from services.journeys.service.call import CallRequest
from services.shared.clock import to_iso
from services.shared.errors import Invalid
from services.shared.http import answer, json_body, resolver, respond
from services.shared.observability import service_logger

logger = service_logger("journeys")
app = resolver()


@app.put("/campaigns/<name>")
def put_campaign(name: str) -> Any:
    """Publish and schedule a campaign (JSON or YAML)."""
    planned = bootstrap.campaigning().put(name, document_body(app.current_event))
    return answer(200, {"name": name, "version": planned.version, "scheduled_at": to_iso(planned.at)})


@app.post("/campaigns/validate")
def validate_campaign() -> Any:
    """Everything that is wrong with a campaign; nothing is published."""
    return answer(200, bootstrap.campaigning().validate(document_body(app.current_event)))


@app.get("/campaigns")
def campaigns() -> Any:
    """All campaigns."""
    return answer(200, {"campaigns": bootstrap.campaigning().catalogue()})


@app.get("/campaigns/<name>")
def campaign(name: str) -> Any:
    """A campaign and how far its runs are."""
    return answer(200, bootstrap.campaigning().show(name))


@app.get("/portfolio")
def portfolio() -> Any:
    """The portfolio: what is live, and what waits for a place."""
    return answer(200, bootstrap.portfolio().show())


@app.put("/portfolio/settings")
def portfolio_settings() -> Any:
    """Set the portfolio's limits."""
    return answer(200, bootstrap.portfolio().change(json_body(app.current_event)))


@app.post("/portfolio/queue")
def enqueue() -> Any:
    """Publish a journey or a campaign as soon as there is a place: `{"journey": {...}}` or `{"campaign": {...}}`."""
    body = json_body(app.current_event)
    desk = bootstrap.portfolio()
    if body.keys() == {"journey"} and isinstance(body["journey"], dict):
        return answer(200, desk.enqueue("journey", body["journey"]))
    if body.keys() == {"campaign"} and isinstance(body["campaign"], dict):
        return answer(200, desk.enqueue("campaign", body["campaign"]))
    raise Invalid("bad_request", "must have either journey or campaign, with a document")


@app.delete("/portfolio/queue/<name>")
def leave_queue(name: str) -> Any:
    """Take something out of the portfolio's queue."""
    bootstrap.portfolio().leave_queue(name)
    return answer(200, {"name": name, "status": "gone"})


@app.put("/propositions/<name>")
def put_proposition(name: str) -> Any:
    """Put a row of the matrix of propositions."""
    return answer(200, bootstrap.plans().put_proposition(name, json_body(app.current_event)))


@app.get("/propositions")
def propositions() -> Any:
    """The matrix of propositions."""
    return answer(200, {"propositions": bootstrap.plans().propositions()})


@app.get("/world-events")
def world_events() -> Any:
    """The calendar of world events."""
    return answer(200, {"world_events": bootstrap.plans().events()})


@app.get("/world-events/<id>")
def world_event(id: str) -> Any:
    """One entry of the calendar."""
    return answer(200, bootstrap.plans().event(id))


@app.put("/world-events/<id>")
def put_world_event(id: str) -> Any:
    """Put something into the calendar."""
    return answer(200, bootstrap.plans().put_event(id, json_body(app.current_event)))


@app.delete("/world-events/<id>")
def remove_world_event(id: str) -> Any:
    """Take something out of the calendar."""
    bootstrap.plans().remove_event(id)
    return answer(200, {"id": id, "status": "gone"})


@app.post("/journeys/<name>/enter")
def enter(name: str) -> Any:
    """Let one person in."""
    request = CallRequest.model_validate(json_body(app.current_event))
    return answer(200, bootstrap.calling().call(name, request))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one request."""
    return respond(app, logger, event, context)
