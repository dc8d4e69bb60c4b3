"""Permissions for text messages that changed: the provider's opt-out list follows."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.consent.bootstrap.replies import opt_outs
from services.consent.opt_outs import SMS
from services.shared.aws.records import each_record, envelope
from services.shared.contracts.consent import ConsentChanged
from services.shared.observability import service_logger

logger = service_logger("consent")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Bring the list to what the ledger says now of each number that is named."""
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def take(record: Any) -> None:
        changes = ConsentChanged.model_validate(envelope(record).detail).changes
        for key in dict.fromkeys(change.address_key for change in changes if change.channel == SMS):
            counts[opt_outs().mirror(key)] += 1

    answer = each_record(event, take, failed)
    logger.info("opt-outs mirrored", extra={"records": len(event["Records"]), "counts": dict(counts)})
    return answer
