"""Answers ingest's questions about one person."""

from __future__ import annotations

from typing import Any

from services.delivery.bootstrap import records as bootstrap
from services.delivery.handlers.deadline import time_left
from services.shared.contracts.person import PersonQuestion
from services.shared.observability import service_logger

RESERVE_MS = 10_000

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A `PersonQuestion` in, a `PersonAnswer` out."""
    question = PersonQuestion.model_validate(event)
    answer = bootstrap.answering().answer(question, time_left(context, RESERVE_MS))
    logger.info("person asked about", ask=question.ask, profiles=len(question.profile_ids), more=answer.more)
    return answer.model_dump(mode="json")
