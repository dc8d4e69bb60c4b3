"""Executions of journeys that Step Functions gave up, timed out or was told to stop."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from services.journeys.bootstrap import walking as bootstrap
from services.journeys.service.fail import FailedCohort
from services.shared.aws.records import each_record, envelope
from services.shared.observability import service_logger

logger = service_logger("journeys")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """End the walks of every failed execution of a batch."""

    def failed(error: Exception, message_id: str) -> None:
        logger.error("failed execution not handled", error=type(error).__name__, message_id=message_id)

    def end(record: Mapping[str, Any]) -> None:
        detail = envelope(record).detail
        cohort = FailedCohort.model_validate(json.loads(detail["input"]))
        ended = bootstrap.failing().end(cohort)
        logger.error("execution failed", cohort=cohort.cohort, status=detail["status"], walks=ended)

    return each_record(event, end, failed)
