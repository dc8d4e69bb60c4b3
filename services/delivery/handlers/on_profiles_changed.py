"""Keeps delivery's copies of contacts, learns tastes, and follows merges."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.delivery.bootstrap import copies as bootstrap
from services.shared.aws.records import each_record, envelope
from services.shared.contracts.ingest import ProfilesChanged, ProfilesMerged
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Copy every contact of a batch; repeated and overtaken ones change nothing."""
    copying, learning = bootstrap.copying_contacts(), bootstrap.learning()
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def copy(record: Any) -> None:
        event = envelope(record)
        if event.detail_type == ProfilesMerged.detail_type:
            counts["merges"] += copying.merges(ProfilesMerged.model_validate(event.detail).merges)
        else:
            changes = ProfilesChanged.model_validate(event.detail).changes
            counts["contacts"] += copying.contacts(changes)
            counts["tastes"] += learning.learn(changes)

    answer = each_record(event, copy, failed)
    logger.info("contacts copied", extra={"counts": dict(counts)})
    return answer
