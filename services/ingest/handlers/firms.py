"""`/firms`: what is known of a firm, and what a colleague says of it. Behind the authorizer."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.ingest.bootstrap.firms import firms
from services.shared.http import answer, json_body, resolver, respond
from services.shared.observability import service_logger

logger = service_logger("ingest")
app = resolver()


@app.get("/firms/<firm_id>")
def get_firm(firm_id: str) -> Response[Any]:
    return answer(200, firms().get(firm_id))


@app.put("/firms/<firm_id>")
def put_firm(firm_id: str) -> Response[Any]:
    """`{"attributes": {...}}`; all members hear of it."""
    return answer(200, firms().put(firm_id, json_body(app.current_event)))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway HTTP API, payload 2.0."""
    return respond(app, logger, event, context, "request answered")
