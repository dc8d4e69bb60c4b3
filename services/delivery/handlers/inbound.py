"""What websites and apps ask while somebody waits, and what their slots may show."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.delivery.bootstrap import inbound as bootstrap
from services.shared.http import answer, json_body, resolver, respond
from services.shared.observability import service_logger

logger = service_logger("delivery")
app = resolver()


@app.put("/inbound/<slot>")
def put_slot(slot: str) -> Response[Any]:
    return answer(200, bootstrap.inbound().put(slot, json_body(app.current_event)))


@app.get("/inbound/<slot>")
def ask(slot: str) -> Response[Any]:
    profile_id = app.current_event.get_query_string_value("profile", "") or ""
    return answer(200, bootstrap.inbound().ask(slot, profile_id))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one request."""
    return respond(app, logger, event, context)
