"""Profiles in DynamoDB: a small hot item each, which carries the outbox of its latest batch, and apart from it, in
the table of parts, the cold traits (`part` = `traits`).

`traits` and `outbox` are texts of JSON, deflated or not, so that any number a client sends survives unchanged.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from services.ingest.adapters.event_codec import decode_events, encode_events
from services.ingest.domain.history import Signed, Strip
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.profile import Profile
from services.ingest.domain.rulings import Rulings
from services.ingest.domain.seen import Seen
from services.ingest.domain.traits import Trait, at_times
from services.ingest.ports import ColdTraits, StaleProfile
from services.shared.aws.dynamo import ConditionFailed, Item, Op, Table, TransactionRefused, transact
from services.shared.clock import from_iso, to_iso

_TRAITS = "traits"


class DynamoProfiles:
    """Port `Profiles`."""

    def __init__(self, hot: Table, parts: Table) -> None:
        self._hot = hot
        self._parts = parts

    def load_hot(self, profile_ids: Iterable[str]) -> dict[str, Profile]:
        keys = [{"profile_id": profile_id} for profile_id in sorted(set(profile_ids))]
        return _by_id(self._hot.get_many(keys, consistent=True))

    def glance(self, profile_ids: Iterable[str]) -> dict[str, Profile]:
        """What is not there yet is asked again, consistently."""
        keys = [{"profile_id": profile_id} for profile_id in sorted(set(profile_ids))]
        found = _by_id(self._hot.get_many(keys))
        return found | self.load_hot(key["profile_id"] for key in keys if key["profile_id"] not in found)

    def load(self, profile_ids: Iterable[str]) -> dict[str, Profile]:
        """Hot item and traits are two reads: what another has written between them is read again."""
        pending, found = set(profile_ids), {}
        while pending:
            hot = self.load_hot(pending)
            cold = self.traits((p.profile_id for p in hot.values() if p.traits is None), consistent=True)
            for profile_id, profile in hot.items():
                known = cold.get(profile_id, ColdTraits())
                if profile.traits is not None:
                    found[profile_id] = profile
                elif known.version == profile.traits_version:
                    found[profile_id] = replace(profile, traits=at_times(known.traits, profile.confirmed))
            pending = hot.keys() - found.keys()
        return found

    def follow(self, profile_ids: Iterable[str], *, hot: bool = False) -> dict[str, Profile]:
        leads = {profile_id: profile_id for profile_id in profile_ids}
        known: dict[str, Profile] = {}
        while missing := set(leads.values()) - known.keys():
            loaded = self.load_hot(missing) if hot else self.load(missing)
            known |= loaded
            gone = missing - loaded.keys()
            leads = {start: end for start, end in leads.items() if end not in gone}
            leads = {
                start: known[end].merged_into or end if end in known else end for start, end in leads.items()
            }
        return {start: known[end] for start, end in leads.items()}

    def traits(self, profile_ids: Iterable[str], *, consistent: bool) -> dict[str, ColdTraits]:
        keys = [{"profile_id": profile_id, "part": _TRAITS} for profile_id in sorted(set(profile_ids))]
        items = self._parts.get_many(keys, consistent=consistent)
        return {i["profile_id"]: ColdTraits(i["version"], _read_traits(i["traits"])) for i in items}

    def save(self, profile: Profile, events: Sequence[Signed]) -> None:
        ops = self.save_ops(profile, events, before=profile.version - 1)
        if len(ops) == 1:
            try:
                self._hot.perform_put(ops[0])
            except ConditionFailed as refused:
                raise StaleProfile from refused
            return
        try:
            transact(ops)
        except TransactionRefused as refused:
            raise StaleProfile from refused

    def drop_traits(self, profile_id: str) -> None:
        self._parts.delete({"profile_id": profile_id, "part": _TRAITS})

    def save_ops(
        self, profile: Profile, events: Sequence[Signed], *, before: int, rulings: Rulings | None = None
    ) -> list[Op]:
        """What writes a profile whose stored version is `before` (0: none): its hot item and, when this version
        changed them, its traits."""
        item = _hot(profile, events)
        hot = self._hot.put_op(
            item if rulings is None else {**item, "rulings": _deflate(rulings)},
            condition="version = :before" if before else "attribute_not_exists(profile_id)",
            values={":before": before} if before else None,
        )
        if profile.traits is None or profile.traits_version != profile.version:
            return [hot]
        return [hot, self._parts.put_op(_cold(profile))]


def _by_id(items: Iterable[Item]) -> dict[str, Profile]:
    return {item["profile_id"]: read_hot(item) for item in items}


def read_hot(item: Item) -> Profile:
    """The profile in a hot item; its traits are `None` unless it never had any."""
    traits_version = item.get("traits_version", 0)
    return Profile(
        profile_id=item["profile_id"],
        version=item["version"],
        created_at=from_iso(item["created_at"]),
        updated_at=from_iso(item["updated_at"]),
        traits=None if traits_version else {},
        identifiers=frozenset(Identifier.from_key(key) for key in item.get("ids", [])),
        seen=Seen(bytes(item.get("seen", b"")), item.get("horizon", 0)),
        counts=item.get("counts", {}),
        traits_version=traits_version,
        confirmed=item.get("confirmed", {}),
        since=item.get("since", 0),
        tale=item.get("tale", ""),
        newest=item.get("newest", ""),
        span=item.get("span", 0),
        absorbed=tuple(Strip(*row) for row in item.get("absorbed", [])),
        merged_into=item.get("merged_into", ""),
        queued_at=item.get("queued_at", 0),
    )


def read_outbox(item: Item) -> tuple[Signed, ...]:
    """The events that a hot item's latest write took in."""
    return decode_events(bytes(item["outbox"])) if "outbox" in item else ()


def read_rulings(item: Item) -> Rulings | None:
    """What a hot item's latest write ruled on who is who."""
    return (
        Rulings.from_json(json.loads(zlib.decompress(bytes(item["rulings"])))) if "rulings" in item else None
    )


def _deflate(rulings: Rulings) -> bytes:
    return zlib.compress(json.dumps(rulings.to_json(), ensure_ascii=False, separators=(",", ":")).encode(), 6)


def _hot(profile: Profile, events: Sequence[Signed]) -> Item:
    item: dict[str, Any] = {
        "profile_id": profile.profile_id,
        "version": profile.version,
        "created_at": to_iso(profile.created_at) if profile.created_at else None,
        "updated_at": to_iso(profile.updated_at) if profile.updated_at else None,
        "traits_version": profile.traits_version,
        "confirmed": dict(profile.confirmed) or None,
        "ids": [identifier.key for identifier in sorted(profile.identifiers)],
        "seen": profile.seen.memory,
        "horizon": profile.seen.horizon,
        "counts": dict(profile.counts),
        "since": profile.since,
        "tale": profile.tale,
        "newest": profile.newest,
        "span": profile.span,
        "absorbed": [[s.profile_id, s.tale, s.newest, s.base] for s in profile.absorbed],
        "merged_into": profile.merged_into,
        "queued_at": profile.queued_at if events else 0,
        "outbox": encode_events(events) if events else None,
    }
    return {name: value for name, value in item.items() if value not in (0, "", b"", [], None)}


def _cold(profile: Profile) -> Item:
    rows = {
        name: [trait.value, trait.at, trait.source, trait.kind, trait.received]
        for name, trait in sorted(profile.known_traits().items())
    }
    return {
        "profile_id": profile.profile_id,
        "part": _TRAITS,
        "version": profile.traits_version,
        "traits": json.dumps(rows, ensure_ascii=False, separators=(",", ":")),
    }


def _read_traits(text: str) -> dict[str, Trait]:
    return {name: Trait(*row) for name, row in json.loads(text).items()}
