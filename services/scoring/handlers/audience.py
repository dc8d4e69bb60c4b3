"""Answers services that address people: who is in a segment."""

from __future__ import annotations

from typing import Any

from services.scoring.bootstrap import standings as bootstrap
from services.shared.contracts.audience import AudienceQuestion
from services.shared.observability import service_logger

logger = service_logger("scoring")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """An `AudienceQuestion` in, an `AudienceAnswer` out."""
    question = AudienceQuestion.model_validate(event)
    answer = bootstrap.audience().answer(question)
    logger.info("audience asked for", segment=question.segment, people=len(answer.people), known=answer.known)
    return answer.model_dump(mode="json")
