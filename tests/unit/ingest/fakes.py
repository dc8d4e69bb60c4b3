"""Ingest's ports in memory, and events with sane defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.profile import Profile
from services.ingest.domain.sources import Key, Source, SourceDocument, hash_key
from services.ingest.ports import Registration, StaleProfile, StaleSource
from services.shared.contracts.ingest import CustomerEvent

NOW = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)


def track(message_id: str = "m-1", **fields: Any) -> dict[str, Any]:
    base = {"type": "track", "event": "Order Completed", "userId": "u-1", "messageId": message_id}
    return {**base, "timestamp": "2026-01-02T03:04:05.678Z", "properties": {"revenue": 12.5}, **fields}


def identify(message_id: str = "m-1", **fields: Any) -> dict[str, Any]:
    base = {"type": "identify", "userId": "u-1", "messageId": message_id, "traits": {}}
    return {**base, "timestamp": "2026-01-02T03:04:05.678Z", **fields}


class FakeIdentities:
    def __init__(self) -> None:
        self.stored: dict[Identifier, str] = {}

    def owners(self, identifiers: Iterable[Identifier]) -> dict[Identifier, str]:
        return {i: self.stored[i] for i in identifiers if i in self.stored}

    def claim(self, identifiers: Sequence[Identifier], profile_id: str) -> bool:
        if any(self.stored.get(identifier, profile_id) != profile_id for identifier in identifiers):
            return False
        self.stored |= dict.fromkeys(identifiers, profile_id)
        return True


class FakeProfiles:
    def __init__(self) -> None:
        self.stored: dict[str, Profile] = {}
        self.told: list[tuple[str, int, tuple[CustomerEvent, ...]]] = []

    def load(self, profile_ids: Iterable[str]) -> dict[str, Profile]:
        return {p: self.stored[p] for p in profile_ids if p in self.stored}

    def save(self, profile: Profile, events: Sequence[CustomerEvent]) -> None:
        old = self.stored.get(profile.profile_id)
        if (old.version if old else 0) != profile.version - 1:
            raise StaleProfile
        self.stored[profile.profile_id] = profile
        self.told.append((profile.profile_id, profile.version, tuple(events)))


class FakeLake:
    def __init__(self) -> None:
        self.lines: dict[str, Mapping[str, Any]] = {}

    def put(self, day: datetime, receipts: Sequence[str], lines: Sequence[Mapping[str, Any]]) -> str:
        self.lines |= {line["receipt"]: line for line in lines}
        return "key"


class FakeQueue:
    def __init__(self) -> None:
        self.bodies: list[str] = []

    def send(self, body: str) -> None:
        self.bodies.append(body)


def source(source_id: str = "shop", **document: Any) -> Source:
    return Source(source_id, SourceDocument.model_validate({"name": source_id, **document}), NOW)


def registered(source: Source, **keys: str) -> Registration:
    """`source` with keys by role."""
    kept = tuple(Key(hash_key(key), role, NOW) for role, key in keys.items())  # type: ignore[arg-type]
    return Registration(source, kept, 1)


class FakeSources:
    def __init__(self, *registrations: Registration) -> None:
        self.stored = {r.source.source_id: r for r in registrations}
        self.lookups = 0

    def admit(self, key_hash: str) -> tuple[Source, Key] | None:
        self.lookups += 1
        pairs = ((r.source, key) for r in self.stored.values() for key in r.keys)
        return next((pair for pair in pairs if pair[1].key_hash == key_hash), None)

    def of_bus(self, bus_source: str) -> Source | None:
        self.lookups += 1
        speaking = (r.source for r in self.stored.values() if bus_source in r.source.document.bus_sources)
        return next(speaking, None)

    def get(self, source_id: str) -> Registration | None:
        return self.stored.get(source_id)

    def all(self) -> list[Source]:
        return [self.stored[source_id].source for source_id in sorted(self.stored)]

    def save(self, registration: Registration, before: Registration | None) -> None:
        if self.stored.get(registration.source.source_id) != before:
            raise StaleSource
        self.stored[registration.source.source_id] = registration

    def remove(self, registration: Registration) -> None:
        if self.stored.pop(registration.source.source_id, None) != registration:
            raise StaleSource


class FakeMeter:
    def __init__(self) -> None:
        self.counted: dict[tuple[str, int], int] = {}

    def take(self, source_id: str, events: int, limit: int, minute: int) -> bool:
        before = self.counted.get((source_id, minute), 0)
        if before and before + events > limit:
            return False
        self.counted[source_id, minute] = before + events
        return True
