"""Answers services that want to know what a journey would do: of what class its messages are, and what stops them."""

from __future__ import annotations

from typing import Any

from services.delivery.bootstrap import wordings as bootstrap
from services.shared.contracts.given import WordingsQuestion
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """A `WordingsQuestion` in, a `WordingsAnswer` out."""
    question = WordingsQuestion.model_validate(event)
    answer = bootstrap.wordings().answer(question)
    logger.info("wordings asked for", asked=len(question.templates), known=len(answer.messages))
    return answer.model_dump(mode="json")
