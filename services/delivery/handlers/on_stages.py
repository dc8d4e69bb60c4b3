"""Counts who comes to which stage, for the funnel."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.delivery.bootstrap import reports as bootstrap
from services.shared.aws.records import each_record, envelope
from services.shared.contracts.scoring import StageChanged
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Count every move of a batch; repeated ones change nothing."""
    funnel, clock = bootstrap.counting_stages()
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def count(record: Any) -> None:
        moves = StageChanged.model_validate(envelope(record).detail).moves
        counts["moves"] += funnel.count(moves, clock.now())

    answer = each_record(event, count, failed)
    logger.info("stages counted", extra={"counts": dict(counts)})
    return answer
