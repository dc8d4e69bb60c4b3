"""The marketers' routes: templates, decision records."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.delivery import bootstrap
from services.delivery.domain.service_kinds import SERVICE_KINDS
from services.shared.http import answer, json_body, resolver
from services.shared.observability import service_logger

logger = service_logger("delivery")
app = resolver()


@app.put("/templates/<name>")
def put_template(name: str) -> Response[Any]:
    return answer(200, bootstrap.serving().put_template(name, json_body(app.current_event)))


@app.get("/templates")
def templates() -> Response[Any]:
    return answer(200, {"templates": bootstrap.serving().templates()})


@app.get("/service-kinds")
def service_kinds() -> Response[Any]:
    return answer(200, {"kinds": SERVICE_KINDS})


@app.get("/landing-pages")
def landing_pages() -> Response[Any]:
    return answer(200, bootstrap.serving().landing_pages())


@app.put("/landing-pages")
def put_landing_pages() -> Response[Any]:
    return answer(200, bootstrap.serving().put_landing_pages(json_body(app.current_event)))


@app.get("/messages/<send_id>")
def message(send_id: str) -> Response[Any]:
    return answer(200, bootstrap.serving().message(send_id, _asked().get("language", "")))


@app.get("/decisions")
def decisions() -> Response[Any]:
    asked = _asked()
    found = bootstrap.serving().decisions(
        asked.get("profile", ""), asked.get("journey", ""), asked.get("language", "")
    )
    return answer(200, {"decisions": found})


def _asked() -> dict[str, str]:
    return app.current_event.query_string_parameters or {}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one request."""
    response = app.resolve(event, context)
    logger.info("request served", extra={"route": event.get("routeKey"), "status": response["statusCode"]})
    return response
