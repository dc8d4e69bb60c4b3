"""`/sources`: the registry of client systems, behind the authorizer."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.ingest.bootstrap import doors as bootstrap
from services.shared.http import answer, json_body, resolver, respond
from services.shared.observability import service_logger

logger = service_logger("ingest")
app = resolver()


@app.get("/sources")
def list_sources() -> Response[Any]:
    return answer(200, {"sources": bootstrap.source_registry().all()})


@app.get("/sources/<source_id>")
def get_source(source_id: str) -> Response[Any]:
    return answer(200, bootstrap.source_registry().get(source_id))


@app.put("/sources/<source_id>")
def put_source(source_id: str) -> Response[Any]:
    created, source = bootstrap.source_registry().put(source_id, json_body(app.current_event))
    return answer(201 if created else 200, source)


@app.delete("/sources/<source_id>")
def delete_source(source_id: str) -> Response[Any]:
    bootstrap.source_registry().remove(source_id)
    return answer(200, {"id": source_id, "removed": True})


@app.post("/sources/<source_id>/keys/rotate")
def rotate_keys(source_id: str) -> Response[Any]:
    return answer(200, bootstrap.source_registry().rotate(source_id, json_body(app.current_event)))


@app.post("/sources/<source_id>/mapping/dry-run")
def try_mapping(source_id: str) -> Response[Any]:
    return answer(200, bootstrap.source_registry().dry_run(source_id, json_body(app.current_event)))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway HTTP API, payload 2.0."""
    return respond(app, logger, event, context, "request answered")
