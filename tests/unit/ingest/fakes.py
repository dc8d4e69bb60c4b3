"""Ingest's ports in memory, and events with sane defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.profile import Profile
from services.ingest.ports import Source, StaleProfile
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


class FakeSources:
    def __init__(self, **keys: str) -> None:
        self.keys = dict(keys)
        self.sources: dict[str, Source] = {}
        self.lookups = 0

    def of_key(self, key_hash: str) -> str | None:
        self.lookups += 1
        return self.keys.get(key_hash)

    def add(self, source: Source, key_hash: str) -> bool:
        if source.source_id in self.sources:
            return False
        self.sources[source.source_id] = source
        self.keys[key_hash] = source.source_id
        return True

    def rename(self, source_id: str, name: str) -> None:
        old = self.sources[source_id]
        self.sources[source_id] = Source(source_id, name, old.created_at)
