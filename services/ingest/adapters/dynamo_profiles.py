"""Profiles in DynamoDB: one small item each, which carries the outbox of its latest batch.

`traits` and `outbox` are JSON texts, so that any number a client sends survives unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.profile import Profile, Seen
from services.ingest.ports import StaleProfile
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.aws.records import Change
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.ingest import CustomerEvent, ProfileChange


class DynamoProfiles:
    """Port `Profiles`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, profile_ids: Iterable[str]) -> dict[str, Profile]:
        keys = [{"profile_id": profile_id} for profile_id in sorted(set(profile_ids))]
        profiles = [_profile(item) for item in self._table.get_many(keys, consistent=True)]
        return {profile.profile_id: profile for profile in profiles}

    def save(self, profile: Profile, events: Sequence[CustomerEvent]) -> None:
        try:
            self._table.put(
                _item(profile, events),
                condition="attribute_not_exists(profile_id)" if profile.version == 1 else "version = :before",
                values=None if profile.version == 1 else {":before": profile.version - 1},
            )
        except ConditionFailed as refused:
            raise StaleProfile from refused


def profile_change(change: Change) -> ProfileChange | None:
    """What a change of an item tells; `None` when it carries no events of its own (a removal, or a touch that left
    the version as it was)."""
    item = change.new
    if item is None or "outbox" not in item or (change.old or {}).get("version") == item["version"]:
        return None
    profile = _profile(item)
    return ProfileChange(
        profile_id=profile.profile_id,
        version=profile.version,
        at=from_iso(item["updated_at"]),
        events=[CustomerEvent.model_validate(event) for event in json.loads(item["outbox"])],
        traits=profile.visible_traits(),
        traits_version=profile.traits_version,
    )


def _item(profile: Profile, events: Sequence[CustomerEvent]) -> Item:
    return {
        "profile_id": profile.profile_id,
        "version": profile.version,
        "created_at": to_iso(profile.created_at) if profile.created_at else None,
        "updated_at": to_iso(profile.updated_at) if profile.updated_at else None,
        "traits": _json(profile.traits),
        "traits_version": profile.traits_version,
        "ids": [identifier.key for identifier in sorted(profile.identifiers)],
        "seen": profile.seen.memory,
        "counts": dict(profile.counts),
        "outbox": _json([event.model_dump(mode="json") for event in events]),
    }


def _profile(item: Item) -> Profile:
    return Profile(
        profile_id=item["profile_id"],
        version=item["version"],
        created_at=from_iso(item["created_at"]),
        updated_at=from_iso(item["updated_at"]),
        traits={name: (value, at) for name, (value, at) in json.loads(item["traits"]).items()},
        identifiers=frozenset(Identifier.from_key(key) for key in item["ids"]),
        seen=Seen(item["seen"]),
        counts=item["counts"],
        traits_version=item["traits_version"],
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
