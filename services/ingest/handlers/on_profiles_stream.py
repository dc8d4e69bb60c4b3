"""Keeps the history of profiles and publishes `ProfilesChanged.v1` and `ProfilesMerged.v1`, from the changes of the
profiles table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.ingest.adapters.dynamo_profiles import read_hot, read_outbox, read_rulings
from services.ingest.bootstrap.firms import firms
from services.ingest.bootstrap.profiles import rulings_kept, teller
from services.ingest.domain.firms import Telling, tellings
from services.ingest.profiles import freshness
from services.ingest.profiles.tell import Written
from services.shared.aws.records import Change, batch_failures, changes
from services.shared.observability import service_logger

logger = service_logger("ingest")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A DynamoDB stream batch; it fails as a whole, so that no change is skipped or overtakes another."""
    written = [one for record in changes(event) if (one := _written(record))]
    if rulings := [one.rulings for one in written if one.rulings]:
        rulings_kept().keep(rulings)
    facts = teller().tell(written) if written else 0
    told = firms().hear(one for write in written for one in _tellings(write))
    freshness.note_told(event["Records"])
    logger.info("profiles published", extra={"profiles": len(written), "facts": facts, "firms": told})
    return batch_failures([])


def _tellings(write: Written) -> Iterator[Telling]:
    groups = (event.told() for event in write.events if event.call.type == "group")
    return tellings(write.profile.profile_id, groups)


def _written(change: Change) -> Written | None:
    """`None` for a removal, and for a touch that left the version as it was."""
    if change.new is None or (change.old or {}).get("version") == change.new["version"]:
        return None
    before = read_hot(change.old) if change.old else None
    return Written(before, read_hot(change.new), read_outbox(change.new), read_rulings(change.new))
