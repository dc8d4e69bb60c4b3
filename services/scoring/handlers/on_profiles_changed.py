"""Takes in what ingest says of profiles."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from services.scoring import bootstrap
from services.shared.aws.records import Unreadable, batch_failures, envelope
from services.shared.contracts.ingest import ProfilesChanged
from services.shared.observability import service_logger

logger = service_logger("scoring")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Fold a batch of `ProfilesChanged.v1`; a message with a profile that failed is retried alone."""
    facts: dict[str, ProfilesChanged] = {}
    failed: dict[str, str] = {}
    for record in event["Records"]:
        try:
            facts[record["messageId"]] = ProfilesChanged.model_validate(envelope(record).detail)
        except (Unreadable, ValidationError) as error:
            failed[record["messageId"]] = type(error).__name__
    outcome = bootstrap.on_profiles_changed().take_in(c for fact in facts.values() for c in fact.changes)
    for message_id, fact in facts.items():
        for change in fact.changes:
            if change.profile_id in outcome.failed:
                failed[message_id] = type(outcome.failed[change.profile_id]).__name__
    log = logger.error if failed else logger.info
    log(
        "profiles taken in",
        messages=len(event["Records"]),
        written=outcome.written,
        unchanged=outcome.unchanged,
        failed=len(failed),
        errors=sorted(set(failed.values())),
    )
    return batch_failures(failed)
