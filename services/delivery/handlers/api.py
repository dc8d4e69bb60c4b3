"""The marketers' routes to read: decision records."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.delivery.bootstrap import records as bootstrap
from services.delivery.use_cases.serve_marketers import DECISIONS
from services.shared.http import answer, resolver, respond, whole_number
from services.shared.observability import service_logger

logger = service_logger("delivery")
app = resolver()


@app.get("/messages/<send_id>")
def message(send_id: str) -> Response[Any]:
    return answer(200, bootstrap.serving().message(send_id, _asked().get("language", "")))


@app.get("/decisions")
def decisions() -> Response[Any]:
    asked = _asked()
    found = bootstrap.serving().decisions(
        asked.get("profile", ""),
        journey=asked.get("journey", ""),
        language=asked.get("language", ""),
        cursor=asked.get("cursor", ""),
        limit=whole_number(app.current_event, "limit", DECISIONS),
    )
    return answer(200, found)


def _asked() -> dict[str, str]:
    return app.current_event.query_string_parameters or {}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one request."""
    return respond(app, logger, event, context)
