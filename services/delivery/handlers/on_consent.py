"""Keeps delivery's copies of permissions, apart from all else, so that a withdrawal waits for nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.delivery.bootstrap import copies as bootstrap
from services.shared import freshness
from services.shared.aws.records import each_record, envelope
from services.shared.contracts.consent import ConsentChanged
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Copy every permission of a batch; repeated and overtaken ones change nothing."""
    copying = bootstrap.copying_permissions()
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def copy(record: Any) -> None:
        for change in ConsentChanged.model_validate(envelope(record).detail).changes:
            newer = copying.permission(change)
            counts["permissions"] += newer
            if newer:
                freshness.note_since("delivery", freshness.COPIED, [change.recorded_at])

    answer = each_record(event, copy, failed)
    logger.info("permissions copied", extra={"counts": dict(counts)})
    return answer
