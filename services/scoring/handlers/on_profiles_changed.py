"""Takes in what ingest says of profiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from services.scoring.bootstrap import loyalty
from services.scoring.bootstrap import standings as bootstrap
from services.shared.aws.records import Unreadable, batch_failures, envelope
from services.shared.contracts.ingest import ProfilesChanged, ProfilesMerged
from services.shared.observability import service_logger

logger = service_logger("scoring")

_FACTS: dict[str, type[ProfilesChanged | ProfilesMerged]] = {
    ProfilesChanged.detail_type: ProfilesChanged,
    ProfilesMerged.detail_type: ProfilesMerged,
}


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Fold a batch of `ProfilesChanged.v1`, then let go of the losers of `ProfilesMerged.v1`, and the same with points;
    a message with a profile that failed is retried alone."""
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
    # Behind the standings, because a reward for a friend looks at the friend's orders there.
    points = loyalty.keeping()
    # Merges first: what a profile spent must be with the winner before its earnings are told again.
    passed_on = points.merge(m for fact in merged.values() for m in fact.merges)
    earned = points.take_in(c for fact in changed.values() for c in fact.changes)
    told = {i: [c.profile_id for c in fact.changes] for i, fact in changed.items()}
    gone = {i: [m.loser for m in fact.merges] for i, fact in merged.items()}
    for messages, errors in (
        (told, folded.failed),
        (told, earned.failed),
        (gone, left.failed),
        (gone, passed_on.failed),
    ):
        failed |= _failed(messages, errors)
    log = logger.error if failed else logger.info
    log(
        "profiles taken in",
        messages=len(event["Records"]),
        written=folded.written,
        merged=left.written,
        unchanged=folded.unchanged + left.unchanged,
        accounts=earned.written + passed_on.written,
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


def _failed(profiles: Mapping[str, list[str]], errors: Mapping[str, Exception]) -> dict[str, str]:
    """The messages with a profile that failed, and why."""
    return {
        message_id: type(errors[profile_id]).__name__
        for message_id, ids in profiles.items()
        for profile_id in ids
        if profile_id in errors
    }
