"""`PUT /sources/{id}`, behind the authorizer."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.ingest import bootstrap
from services.shared.http import answer, json_body, resolver
from services.shared.observability import service_logger

logger = service_logger("ingest")
app = resolver()


@app.put("/sources/<source_id>")
def put_source(source_id: str) -> Response[Any]:
    created, source = bootstrap.source_registry().put(source_id, json_body(app.current_event))
    return answer(201 if created else 200, source)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway HTTP API, payload 2.0."""
    response = app.resolve(event, context)
    logger.info("request answered", extra={"route": event.get("routeKey"), "status": response["statusCode"]})
    return response
