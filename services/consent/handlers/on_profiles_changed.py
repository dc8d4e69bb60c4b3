"""Addresses that people's profiles got or lost, and what their own events say of permissions."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.consent.bootstrap.permissions import address_changes
from services.consent.bootstrap.replies import told
from services.shared.aws.records import each_record, envelope
from services.shared.contracts.ingest import ProfilesChanged, ProfilesErased, ProfilesMerged
from services.shared.observability import service_logger

logger = service_logger("consent")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Ask new addresses for what the old ones had granted; forget the addresses of erased people."""
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def take(record: Any) -> None:
        fact = envelope(record)
        if fact.detail_type == ProfilesErased.detail_type:
            for erasure in ProfilesErased.model_validate(fact.detail).erasures:
                address_changes().forget(erasure.profile_ids)
            return
        if fact.detail_type == ProfilesMerged.detail_type:
            for merge in ProfilesMerged.model_validate(fact.detail).merges:
                address_changes().merged(merge)
            return
        for change in ProfilesChanged.model_validate(fact.detail).changes:
            counts.update(address_changes().note(change))
            counts.update(told().note(change))

    answer = each_record(event, take, failed)
    logger.info("addresses noted", extra={"records": len(event["Records"]), "counts": dict(counts)})
    return answer
