"""Messages that left: those that asked for a confirmation belong to its proof."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.consent.bootstrap.permissions import mailing
from services.shared.aws.records import each_record, envelope
from services.shared.contracts.delivery import MessageSent
from services.shared.observability import service_logger

logger = service_logger("consent")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Record a batch."""
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def take(record: Any) -> None:
        counts["recorded"] += mailing().sent(MessageSent.model_validate(envelope(record).detail).messages)

    answer = each_record(event, take, failed)
    logger.info("messages noted", extra={"records": len(event["Records"]), "counts": dict(counts)})
    return answer
