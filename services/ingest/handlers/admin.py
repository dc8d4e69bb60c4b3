"""`GET /profiles/{identifier}`, behind the authorizer."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.ingest import bootstrap
from services.shared.http import answer, resolver
from services.shared.observability import service_logger

logger = service_logger("ingest")
app = resolver()


@app.get("/profiles/<identifier>")
def get_profile(identifier: str) -> Response[Any]:
    """The API has decoded the path, all but `%25`: decoding more than that would take the id `%41` for `A`."""
    named = app.current_event.path_parameters.get("identifier", identifier)
    return answer(200, bootstrap.profile_directory().find(named.replace("%25", "%")))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway HTTP API, payload 2.0. The path is not logged: it holds a person's address."""
    response = app.resolve(event, context)
    logger.info("request answered", extra={"route": event.get("routeKey"), "status": response["statusCode"]})
    return response
