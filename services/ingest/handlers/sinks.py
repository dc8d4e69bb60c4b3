"""`/sinks`: who is told of changes. Behind the authorizer."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.ingest.bootstrap.sinks import registry
from services.shared.http import answer, json_body, resolver, respond
from services.shared.observability import service_logger

logger = service_logger("ingest")
app = resolver()


@app.get("/sinks")
def list_sinks() -> Response[Any]:
    """`{"sinks": [...]}`"""
    return answer(200, registry().all())


@app.put("/sinks/<sink_id>")
def put_sink(sink_id: str) -> Response[Any]:
    """Create (201, with a webhook's secret) or change (200)."""
    created, sink = registry().put(sink_id, json_body(app.current_event))
    return answer(201 if created else 200, sink)


@app.get("/sinks/<sink_id>")
def get_sink(sink_id: str) -> Response[Any]:
    """The sink and its health."""
    return answer(200, registry().show(sink_id))


@app.delete("/sinks/<sink_id>")
def delete_sink(sink_id: str) -> Response[Any]:
    """Forget the sink and what waits for it."""
    registry().delete(sink_id)
    return answer(200, {"deleted": sink_id})


@app.post("/sinks/<sink_id>/secret/rotate")
def rotate_secret(sink_id: str) -> Response[Any]:
    """`{"overlap_hours"}` to the new secret."""
    return answer(200, registry().rotate(sink_id, json_body(app.current_event)))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway HTTP API, payload 2.0."""
    return respond(app, logger, event, context, "request answered")
