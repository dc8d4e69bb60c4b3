"""Does chores, one by one: looks at a version's cohorts, and brings them where their journey is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.metrics import Metrics, MetricUnit

from services.journeys.bootstrap import operating as bootstrap
from services.journeys.ports.running import STUCK_METRIC, Chore
from services.shared.aws.records import each_record
from services.shared.freshness import NAMESPACE
from services.shared.observability import service_logger

RESERVE_MS = 60_000
"""Time kept back for what is in hand: one page of people."""

logger = service_logger("journeys")
metrics = Metrics(namespace=NAMESPACE, service="journeys")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS batch of chores; one that takes longer than there is time sends what is left."""

    def tend(record: Mapping[str, Any]) -> None:
        chore = Chore.model_validate_json(record["body"])
        done = bootstrap.tending().tend(chore, lambda: context.get_remaining_time_in_millis() > RESERVE_MS)
        if done.stuck:
            metrics.add_metric(name=STUCK_METRIC, unit=MetricUnit.Count, value=done.stuck)
            metrics.flush_metrics()
        log = logger.error if done.stuck else logger.info
        log(
            "cohorts tended",
            journey=chore.journey,
            version=chore.version,
            seen=done.seen,
            acted=done.acted,
            stuck=done.stuck,
            more=done.left is not None,
        )

    def failed(error: Exception, message_id: str) -> None:
        logger.error("chore not done", error=type(error).__name__, message_id=message_id)

    return each_record(event, tend, failed)
