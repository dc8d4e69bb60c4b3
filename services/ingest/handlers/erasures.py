"""Requests to be forgotten: `POST /profiles/{id}/erasure`, `GET /erasures/{id}`, and again after a restore with
`POST /erasures/{id}/repetitions`, behind the authorizer."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.ingest.bootstrap import people as bootstrap
from services.shared.http import answer, resolver, respond
from services.shared.observability import service_logger

logger = service_logger("ingest")
app = resolver()


@app.post("/profiles/<identifier>/erasure")
def request_erasure(identifier: str) -> Response[Any]:
    """The API has decoded the path, all but `%25`."""
    named = str(app.current_event.path_parameters.get("identifier", identifier)).replace("%25", "%")
    return answer(202, bootstrap.erasure_desk().request(named).receipt())


@app.get("/erasures/<erasure_id>")
def get_erasure(erasure_id: str) -> Response[Any]:
    return answer(200, bootstrap.erasure_desk().get(erasure_id).receipt())


@app.post("/erasures/<erasure_id>/repetitions")
def repeat_erasure(erasure_id: str) -> Response[Any]:
    return answer(202, bootstrap.erasure_desk().repeat(erasure_id).receipt())


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway HTTP API, payload 2.0. The path is not logged: it holds a person's address."""
    return respond(app, logger, event, context, "request answered")
