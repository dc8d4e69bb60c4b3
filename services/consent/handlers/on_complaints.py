"""Complaints that delivery heard of: permissions end."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.consent.bootstrap.replies import complaints
from services.shared.aws.records import each_record, envelope
from services.shared.contracts.delivery import ComplaintsReceived
from services.shared.observability import service_logger

logger = service_logger("consent")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """End what each complaint of a batch is about."""
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def take(record: Any) -> None:
        for complaint in ComplaintsReceived.model_validate(envelope(record).detail).complaints:
            counts[complaints().take(complaint)] += 1

    answer = each_record(event, take, failed)
    logger.info("complaints taken", extra={"records": len(event["Records"]), "counts": dict(counts)})
    return answer
