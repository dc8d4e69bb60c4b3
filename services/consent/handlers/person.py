"""Answers ingest's questions about one person."""

from __future__ import annotations

from typing import Any

from services.consent.bootstrap import permissions as bootstrap
from services.shared.contracts.person import PersonQuestion
from services.shared.observability import service_logger

logger = service_logger("consent")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """A `PersonQuestion` in, a `PersonAnswer` out."""
    question = PersonQuestion.model_validate(event)
    answer = bootstrap.person().answer(question)
    logger.info("person asked about", ask=question.ask, profiles=len(question.profile_ids), more=answer.more)
    return answer.model_dump(mode="json")
