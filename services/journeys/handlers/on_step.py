"""A node's task of a state machine."""

from __future__ import annotations

from typing import Any

from services.journeys.bootstrap import walking as bootstrap
from services.journeys.service.act import StepInput
from services.shared.observability import service_logger

logger = service_logger("journeys")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Act on the members of a cohort; the answer is the execution's next data."""
    step = StepInput.model_validate(event)
    result = bootstrap.stepping().run(step, context.get_remaining_time_in_millis)
    logger.info(
        "step done",
        cohort=step.cohort,
        node=step.node,
        members=result.members,
        acted=result.acted,
        more=result.output.more,
        early=result.output.early,
    )
    return result.output.model_dump(mode="json")
