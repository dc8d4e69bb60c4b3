"""`/forms`: what visitors may be asked. Behind the authorizer."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.ingest.bootstrap.forms import registry
from services.ingest.domain.forms import Form
from services.shared.http import answer, json_body, resolver, respond
from services.shared.observability import service_logger

logger = service_logger("ingest")
app = resolver()


@app.get("/forms")
def list_forms() -> Response[Any]:
    """`{"forms": [...]}`"""
    return answer(200, registry().all())


@app.put("/forms/<form_id>")
def put_form(form_id: str) -> Response[Any]:
    """Create (201) or change (200)."""
    created, form = registry().put(form_id, Form.model_validate(json_body(app.current_event)))
    return answer(201 if created else 200, form)


@app.get("/forms/<form_id>")
def get_form(form_id: str) -> Response[Any]:
    """The form with its version."""
    return answer(200, registry().show(form_id))


@app.delete("/forms/<form_id>")
def delete_form(form_id: str) -> Response[Any]:
    """Take no more submissions of it."""
    registry().delete(form_id)
    return answer(200, {"deleted": form_id})


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway HTTP API, payload 2.0."""
    return respond(app, logger, event, context, "request answered")
