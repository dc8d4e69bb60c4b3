"""Takes in tasks that strategies, triggers and journeys ask for, and balances of loyalty points."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.delivery.bootstrap import work as bootstrap
from services.shared.aws.records import each_record, envelope
from services.shared.contracts.journeys import JourneyTaskRequested
from services.shared.contracts.loyalty import LoyaltyBalanceChanged
from services.shared.contracts.scoring import TaskRequested
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Keep what is new of a batch."""
    tasks, wallet = bootstrap.taking()
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def take(record: Any) -> None:
        event = envelope(record)
        if event.detail_type == LoyaltyBalanceChanged.detail_type:
            counts["balances"] += wallet.balances(LoyaltyBalanceChanged.model_validate(event.detail).changes)
        elif event.detail_type == JourneyTaskRequested.detail_type:
            counts["tasks"] += tasks.take(JourneyTaskRequested.model_validate(event.detail).tasks)
        else:
            counts["tasks"] += tasks.take(TaskRequested.model_validate(event.detail).tasks)

    answer = each_record(event, take, failed)
    logger.info("work taken in", extra={"counts": dict(counts)})
    return answer
