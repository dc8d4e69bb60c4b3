"""`POST /v1/{identify,track,page,screen,group,alias,batch}` and their short forms, Segment's HTTP API; and
`POST /api/s/{identify,track,page,group}`, Jitsu's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.ingest.bootstrap import doors as bootstrap
from services.ingest.doors.accept import MAX_BATCH_BYTES, PATHS, Request
from services.shared.http import answer, raw_body, resolver
from services.shared.observability import service_logger

logger = service_logger("ingest")
app = resolver()


def accept() -> Response[Any]:
    event = app.current_event
    request = Request(
        call=event.path.rpartition("/")[2],
        body=raw_body(event, MAX_BATCH_BYTES),
        headers={name.lower(): str(value) for name, value in (event.headers or {}).items()},
        at=_arrived_at(event.raw_event),
    )
    return answer(200, bootstrap.front_door().accept(request))


for _path in PATHS:
    app.post(_path)(accept)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway HTTP API, payload 2.0."""
    response = app.resolve(event, context)
    logger.info("request answered", extra={"route": event.get("rawPath"), "status": response["statusCode"]})
    return response


def _arrived_at(event: dict[str, Any]) -> datetime | None:
    """The gateway's own time, which runs as clients' clocks should: the stage's may be a virtual one."""
    millis = event.get("requestContext", {}).get("timeEpoch")
    return datetime.fromtimestamp(millis / 1000, UTC) if millis else None
