"""Mentions as somebody's crawler or a forum's webhook sends them, and what forums and segments sound like."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.scoring.bootstrap import mentions as bootstrap
from services.shared.http import answer, json_body, resolver, respond, whole_number
from services.shared.observability import service_logger

logger = service_logger("scoring")
app = resolver()


@app.post("/mentions")
def hear() -> Response[Any]:
    """`{"mentions": [{"forum", "text", "at", "guid"?, "url"?, "language"?}]}`; sending it again changes nothing."""
    return answer(200, bootstrap.hearing().take_in(json_body(app.current_event).get("mentions")))


@app.get("/forums/<name>/sentiment")
def of_forum(name: str) -> Response[Any]:
    return answer(200, bootstrap.sentiment().of_forum(name, whole_number(app.current_event, "days", 90)))


@app.get("/segments/<name>/sentiment")
def of_segment(name: str) -> Response[Any]:
    return answer(200, bootstrap.sentiment().of_segment(name, whole_number(app.current_event, "days", 90)))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one HTTP request."""
    return respond(app, logger, event, context)
