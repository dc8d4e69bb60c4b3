"""`GET /profiles/{id}/identity`, `POST /profiles/{id}/merges` and `/splits`, behind the authorizer."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.ingest.bootstrap import profiles as bootstrap
from services.ingest.profiles.review import MergeRequest, SplitRequest
from services.shared.http import answer, json_body, resolver, respond
from services.shared.observability import service_logger

logger = service_logger("ingest")
app = resolver()


@app.get("/profiles/<profile_id>/identity")
def get_identity(profile_id: str) -> Response[Any]:
    return answer(200, bootstrap.identity_review().explain(profile_id))


@app.post("/profiles/<profile_id>/merges")
def post_merge(profile_id: str) -> Response[Any]:
    request = MergeRequest.model_validate(json_body(app.current_event))
    return answer(200, bootstrap.identity_review().merge(profile_id, request))


@app.post("/profiles/<profile_id>/splits")
def post_split(profile_id: str) -> Response[Any]:
    request = SplitRequest.model_validate(json_body(app.current_event))
    return answer(200, bootstrap.identity_review().split(profile_id, request))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway HTTP API, payload 2.0."""
    return respond(app, logger, event, context, "request answered")
