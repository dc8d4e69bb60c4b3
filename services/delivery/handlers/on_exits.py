"""Notes on messages that their journey's goal was reached."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.delivery.bootstrap import feedback as bootstrap
from services.shared.aws.records import each_record, envelope
from services.shared.contracts.journeys import JourneyExited
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Note every goal of a batch; repeated ones change nothing."""
    noting = bootstrap.noting_conversions()
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def note(record: Any) -> None:
        counts["converted"] += noting.note(JourneyExited.model_validate(envelope(record).detail).enrolments)

    answer = each_record(event, note, failed)
    logger.info("conversions noted", extra={"counts": dict(counts)})
    return answer
