"""`/attributes`: what may be known of people and why, behind the authorizer."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response

from services.ingest.bootstrap import doors as bootstrap
from services.shared.http import answer, json_body, resolver, respond
from services.shared.observability import service_logger

logger = service_logger("ingest")
app = resolver()


@app.get("/attributes")
def list_attributes() -> Response[Any]:
    return answer(200, bootstrap.attribute_registry().show())


@app.put("/attributes")
def put_policy() -> Response[Any]:
    return answer(200, bootstrap.attribute_registry().set_policy(json_body(app.current_event)))


@app.put("/attributes/<name>")
def put_attribute(name: str) -> Response[Any]:
    return answer(200, bootstrap.attribute_registry().put(unquote(name), json_body(app.current_event)))


@app.delete("/attributes/<name>")
def delete_attribute(name: str) -> Response[Any]:
    bootstrap.attribute_registry().remove(unquote(name))
    return answer(200, {"name": unquote(name), "removed": True})


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway HTTP API, payload 2.0."""
    return respond(app, logger, event, context, "request answered")
