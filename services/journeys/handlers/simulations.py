"""The marketers' routes to simulations."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.journeys.bootstrap import simulating as bootstrap
from services.shared.http import answer, json_body, resolver, respond
from services.shared.observability import service_logger

logger = service_logger("journeys")
app = resolver()

ASK_AGAIN = "3"
"""Seconds until it is worth to look again."""


@app.post("/journeys/<name>/simulations")
def ask(name: str) -> Response[Any]:
    """Have a journey simulated: 202 with an id, or 200 with what was found for the very same question."""
    return _answered(bootstrap.simulating().ask(name, json_body(app.current_event)))


@app.get("/journeys/<name>/simulations/<simulation_id>")
def show(name: str, simulation_id: str) -> Response[Any]:
    """What became of it."""
    return _answered(bootstrap.simulating().show(name, simulation_id))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one request."""
    return respond(app, logger, event, context)


def _answered(shown: dict[str, Any]) -> Response[Any]:
    if shown["state"] in ("done", "failed"):
        return answer(200, shown)
    at = f"/journeys/{shown['journey']}/simulations/{shown['id']}"
    return answer(202, shown, {"Retry-After": ASK_AGAIN, "Location": at})
