"""The marketers' routes to read: decision records, reports."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.delivery import bootstrap
from services.shared.http import answer, resolver
from services.shared.observability import service_logger

logger = service_logger("delivery")
app = resolver()


@app.get("/messages/<send_id>")
def message(send_id: str) -> Response[Any]:
    return answer(200, bootstrap.serving().message(send_id))


@app.get("/decisions")
def decisions() -> Response[Any]:
    profile_id = (app.current_event.query_string_parameters or {}).get("profile", "")
    return answer(200, {"decisions": bootstrap.serving().decisions(profile_id)})


@app.get("/reports/summary")
def summary() -> Response[Any]:
    return answer(200, bootstrap.serving().summary())


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one request."""
    response = app.resolve(event, context)
    logger.info("request served", extra={"route": event.get("routeKey"), "status": response["statusCode"]})
    return response
