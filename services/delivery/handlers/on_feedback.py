"""Notes what providers report through the feedback topic."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.delivery import bootstrap
from services.delivery.domain.envelopes import reports_in
from services.delivery.domain.feedback import read_feedback
from services.shared.aws.records import each_record
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Note every report of a batch; what nobody can read goes to the dead-letter queue."""
    noting = bootstrap.noting()
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def note(record: Any) -> None:
        for report in reports_in(record["body"]):
            counts[noting.note(read_feedback(report))] += 1

    answer = each_record(event, note, failed)
    logger.info("feedback noted", extra={"counts": dict(counts)})
    return answer
