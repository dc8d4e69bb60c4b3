"""`/imports`: asking for imports and looking at them, behind the authorizer."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.ingest.bootstrap import imports as bootstrap
from services.shared.http import answer, json_body, resolver, respond
from services.shared.observability import service_logger

logger = service_logger("ingest")
app = resolver()


@app.post("/imports")
def create_import() -> Response[Any]:
    return answer(202, bootstrap.import_desk().create(json_body(app.current_event)))


@app.post("/imports/<import_id>/start")
def start_import(import_id: str) -> Response[Any]:
    return answer(202, bootstrap.import_desk().start(import_id))


@app.post("/imports/<import_id>/rollback")
def roll_back_import(import_id: str) -> Response[Any]:
    return answer(202, bootstrap.import_desk().roll_back(import_id))


@app.get("/imports/<import_id>")
def get_import(import_id: str) -> Response[Any]:
    return answer(200, bootstrap.import_desk().get(import_id))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway HTTP API, payload 2.0."""
    return respond(app, logger, event, context, "request answered")
