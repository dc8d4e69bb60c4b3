"""Keeps delivery's copies of contacts and permissions."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.delivery import bootstrap
from services.shared.aws.records import each_record, envelope
from services.shared.contracts.consent import ConsentChanged
from services.shared.contracts.ingest import ProfilesChanged
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Copy every fact of a batch; repeated and overtaken ones change nothing."""
    copying = bootstrap.copying()
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def copy(record: Any) -> None:
        message = envelope(record)
        if message.detail_type == ProfilesChanged.detail_type:
            counts["contacts"] += copying.contacts(ProfilesChanged.model_validate(message.detail).changes)
            return
        for change in ConsentChanged.model_validate(message.detail).changes:
            counts["permissions"] += copying.permission(change)

    answer = each_record(event, copy, failed)
    logger.info("facts copied", extra={"counts": dict(counts)})
    return answer
