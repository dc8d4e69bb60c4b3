"""`POST /v1/{identify,track,page,screen,group,alias,batch}`: Segment's HTTP API."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.ingest import bootstrap
from services.ingest.accept import CALLS, MAX_BATCH_BYTES
from services.shared.http import answer, raw_body, resolver
from services.shared.observability import service_logger

logger = service_logger("ingest")
app = resolver()


def accept() -> Response[Any]:
    event = app.current_event
    call = event.path.rpartition("/")[2]
    authorization = event.headers.get("authorization") or ""
    body = raw_body(event, MAX_BATCH_BYTES)
    return answer(200, bootstrap.front_door().accept(call, body, authorization))


for _call in CALLS:
    app.post(f"/v1/{_call}")(accept)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway HTTP API, payload 2.0."""
    response = app.resolve(event, context)
    logger.info("request answered", extra={"route": event.get("rawPath"), "status": response["statusCode"]})
    return response
