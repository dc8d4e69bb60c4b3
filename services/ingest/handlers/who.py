"""Answers other services whom an identifier stands for."""

from __future__ import annotations

from typing import Any

from services.ingest.bootstrap import people as bootstrap
from services.shared.contracts.who import WhoAnswer, WhoQuestion
from services.shared.errors import NotFound
from services.shared.observability import service_logger

logger = service_logger("ingest")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """A `WhoQuestion` in, a `WhoAnswer` out."""
    question = WhoQuestion.model_validate(event)
    try:
        answer = WhoAnswer(profile_id=bootstrap.directory().find(question.identifier).profile_id)
    except NotFound:
        answer = WhoAnswer()
    logger.info("identifier asked about", extra={"known": bool(answer.profile_id)})
    return answer.model_dump(mode="json")
