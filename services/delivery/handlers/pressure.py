"""The marketers' routes of contact pressure."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response

from services.delivery.bootstrap import pressure as bootstrap
from services.shared.http import answer, json_body, resolver, respond
from services.shared.observability import service_logger

logger = service_logger("delivery")
app = resolver()


@app.get("/pressure")
def pressure() -> Response[Any]:
    return answer(200, bootstrap.setting_pressure().get())


@app.put("/pressure")
def put_pressure() -> Response[Any]:
    return answer(200, bootstrap.setting_pressure().put(json_body(app.current_event)))


@app.get("/pressure/pauses")
def pauses() -> Response[Any]:
    return answer(200, {"pauses": bootstrap.setting_pressure().stopped()})


@app.post("/pressure/pauses/<name>/resume")
def resume(name: str) -> Response[Any]:
    return answer(200, bootstrap.setting_pressure().resume(unquote(name)))


@app.post("/pressure/restored")
def restored() -> Response[Any]:
    return answer(200, bootstrap.setting_pressure().restored())


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one request."""
    return respond(app, logger, event, context)
