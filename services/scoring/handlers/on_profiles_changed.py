"""Takes in what ingest says of profiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from services.scoring.bootstrap import standings as bootstrap
from services.scoring.service.rewriting import Outcome
from services.shared.aws.records import Unreadable, batch_failures, envelope
from services.shared.contracts.ingest import ProfilesChanged, ProfilesMerged
from services.shared.observability import service_logger

logger = service_logger("scoring")

_FACTS: dict[str, type[ProfilesChanged | ProfilesMerged]] = {
    ProfilesChanged.detail_type: ProfilesChanged,
    ProfilesMerged.detail_type: ProfilesMerged,
}


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Fold a batch of `ProfilesChanged.v1`, then let go of the losers of `ProfilesMerged.v1`; a message with a profile
    that failed is retried alone."""
    changed: dict[str, ProfilesChanged] = {}
    merged: dict[str, ProfilesMerged] = {}
    failed: dict[str, str] = {}
    for record in event["Records"]:
        try:
            fact = _read(record)
        except (Unreadable, ValidationError) as error:
            failed[record["messageId"]] = type(error).__name__
            continue
        if isinstance(fact, ProfilesChanged):
            changed[record["messageId"]] = fact
        else:
            merged[record["messageId"]] = fact
    scoring = bootstrap.on_profiles_changed()
    folded = scoring.take_in(c for fact in changed.values() for c in fact.changes)
    left = scoring.merge(m for fact in merged.values() for m in fact.merges)
    failed |= _failed({i: [c.profile_id for c in fact.changes] for i, fact in changed.items()}, folded)
    failed |= _failed({i: [m.loser for m in fact.merges] for i, fact in merged.items()}, left)
    log = logger.error if failed else logger.info
    log(
        "profiles taken in",
        messages=len(event["Records"]),
        written=folded.written,
        merged=left.written,
        unchanged=folded.unchanged + left.unchanged,
        failed=len(failed),
        errors=sorted(set(failed.values())),
    )
    return batch_failures(failed)


def _read(record: Mapping[str, Any]) -> ProfilesChanged | ProfilesMerged:
    event = envelope(record)
    kind = _FACTS.get(event.detail_type)
    if kind is None:
        raise Unreadable(f"no reaction to {event.detail_type}")
    return kind.model_validate(event.detail)


def _failed(profiles: Mapping[str, list[str]], outcome: Outcome) -> dict[str, str]:
    """The messages with a profile that failed, and why."""
    return {
        message_id: type(outcome.failed[profile_id]).__name__
        for message_id, ids in profiles.items()
        for profile_id in ids
        if profile_id in outcome.failed
    }
