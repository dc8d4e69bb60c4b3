"""Answers services that want to know what a journey would do: what it refers to."""

from __future__ import annotations

from typing import Any

from services.scoring.bootstrap import defining as bootstrap
from services.scoring.service.telling import told
from services.shared.contracts.given import DefinitionsQuestion
from services.shared.observability import service_logger

logger = service_logger("scoring")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """A `DefinitionsQuestion` in, a `DefinitionsAnswer` out."""
    question = DefinitionsQuestion.model_validate(event)
    answer = told(question, bootstrap.definitions().load())
    logger.info("definitions asked for", asked=len(question.named), kinds=len(answer.define))
    return answer.model_dump(mode="json")
