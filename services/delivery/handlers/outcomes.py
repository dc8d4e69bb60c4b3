"""Answers what came of a journey's messages."""

from __future__ import annotations

from typing import Any

from services.delivery.bootstrap import reports as bootstrap
from services.shared.contracts.outcomes import OutcomesQuestion
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """An `OutcomesQuestion` in, an `OutcomesAnswer` out."""
    question = OutcomesQuestion.model_validate(event)
    answer = bootstrap.outcomes().answer(question)
    logger.info("outcomes asked for", journey=question.journey, sent=answer.sent)
    return answer.model_dump(mode="json")
