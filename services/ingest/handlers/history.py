"""Answers other services' questions about the past of profiles."""

from __future__ import annotations

from typing import Any

from services.ingest.bootstrap import people as bootstrap
from services.shared.contracts.history import HistoryQuestion
from services.shared.observability import service_logger

logger = service_logger("ingest")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """A `HistoryQuestion` in, a `HistoryAnswer` out."""
    question = HistoryQuestion.model_validate(event)
    answer = bootstrap.retelling().answer(question)
    logger.info("past asked for", asked=len(question.profiles), answered=len(answer.histories))
    return answer.model_dump(mode="json")
