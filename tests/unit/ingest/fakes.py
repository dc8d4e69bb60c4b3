"""Ingest's ports in memory, and events with sane defaults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.ingest.domain.history import Chunk, Cursor, Page, Signed, Strip
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.known import Known, described
from services.ingest.domain.profile import Profile
from services.ingest.domain.regroup import Component, Decision, Node, Regrouping
from services.ingest.domain.sources import Key, Source, SourceDocument, hash_key
from services.ingest.ports import Behind, ColdTraits, ProfileWrite, Registration, StaleProfile, StaleSource

NOW = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)


def track(message_id: str = "m-1", **fields: Any) -> dict[str, Any]:
    base = {"type": "track", "event": "Order Completed", "userId": "u-1", "messageId": message_id}
    return {**base, "timestamp": "2026-01-02T03:04:05.678Z", "properties": {"revenue": 12.5}, **fields}


def identify(message_id: str = "m-1", **fields: Any) -> dict[str, Any]:
    base = {"type": "identify", "userId": "u-1", "messageId": message_id, "traits": {}}
    return {**base, "timestamp": "2026-01-02T03:04:05.678Z", **fields}


class FakeProfiles:
    """Port `Profiles`; `told` is the outbox: profile, version and events of every write."""

    def __init__(self) -> None:
        self.stored: dict[str, Profile] = {}
        self.told: list[tuple[str, int, tuple[Signed, ...]]] = []

    def load(self, profile_ids: Iterable[str]) -> dict[str, Profile]:
        return {p: self.stored[p] for p in profile_ids if p in self.stored}

    def load_hot(self, profile_ids: Iterable[str]) -> dict[str, Profile]:
        return {p: replace(found, traits=None) for p, found in self.load(profile_ids).items()}

    def glance(self, profile_ids: Iterable[str]) -> dict[str, Profile]:
        return self.load_hot(profile_ids)

    def traits(self, profile_ids: Iterable[str], *, consistent: bool) -> dict[str, ColdTraits]:
        return {p: ColdTraits(f.traits_version, f.known_traits()) for p, f in self.load(profile_ids).items()}

    def follow(self, profile_ids: Iterable[str], *, hot: bool = False) -> dict[str, Profile]:
        found = {}
        for start in profile_ids:
            end = start
            while end in self.stored and self.stored[end].merged_into:
                end = self.stored[end].merged_into
            if end in self.stored:
                found[start] = replace(self.stored[end], traits=None) if hot else self.stored[end]
        return found

    def save(self, profile: Profile, events: Sequence[Signed]) -> None:
        self.write(profile, events, profile.version - 1)

    def drop_traits(self, profile_id: str) -> None:
        return None

    def write(self, profile: Profile, events: Sequence[Signed], before: int) -> None:
        old = self.stored.get(profile.profile_id)
        if (old.version if old else 0) != before:
            raise StaleProfile
        if profile.traits is None and old is not None:
            profile = replace(profile, traits=old.traits)
        self.stored[profile.profile_id] = profile
        self.told.append((profile.profile_id, profile.version, tuple(events)))


class FakeIdentities:
    """Port `Identities`."""

    def __init__(self, profiles: FakeProfiles) -> None:
        self.items: dict[Identifier, Known] = {}
        self.graphs: dict[str, Component] = {}
        self._profiles = profiles

    def owners(self, identifiers: Iterable[Identifier]) -> dict[Identifier, str]:
        return {i: k.owner for i, k in self.known(identifiers).items() if k.owner}

    def known(self, identifiers: Iterable[Identifier]) -> dict[Identifier, Known]:
        return {i: self.items[i] for i in identifiers if i in self.items}

    def components(self, graph_ids: Iterable[str]) -> dict[str, Component]:
        return {g: self.graphs[g] for g in graph_ids if g in self.graphs}

    def add(self, identifier: Identifier, node: Node) -> bool:
        if identifier in self.items:
            return False
        self.items[identifier] = Known(owner=node.home, node=node)
        return True

    def commit(
        self, regrouping: Regrouping, known: Mapping[Identifier, Known], writes: Sequence[ProfileWrite]
    ) -> bool:
        for before in regrouping.before:
            stored = self.graphs.get(before.graph_id)
            if (stored.version if stored else 0) != before.version:
                return False
        learnt = described(regrouping, known)
        if any(i not in known and i in self.items and not self.items[i].graph_id for i in learnt):
            return False
        for write in writes:
            self._profiles.write(write.profile, [], write.before)
        for before in regrouping.before:
            self.graphs.pop(before.graph_id, None)
        self.graphs[regrouping.after.graph_id] = regrouping.after
        self.items |= learnt
        return True

    def decisions(self, component: Component) -> list[Decision]:
        return list(component.log)


class FakeTimeline:
    """Port `Timeline`; nothing is behind."""

    def __init__(self) -> None:
        self.chunks: dict[tuple[str, str], Chunk] = {}

    def append(self, chunks: Sequence[Chunk]) -> None:
        self.chunks |= {(chunk.profile_id, chunk.place): chunk for chunk in chunks}

    def all(self, strips: Sequence[Strip]) -> list[Chunk]:
        return [
            chunk
            for strip in strips
            for chunk in sorted(self.chunks.values(), key=lambda c: (c.version, c.place))
            if (chunk.profile_id, chunk.tale) == (strip.profile_id, strip.tale)
        ]

    def told(self, strips: Sequence[Strip]) -> Iterator[tuple[int, list[Signed]]]:
        writes: dict[int, list[Signed]] = {}
        for strip in strips:
            for chunk in self.all([strip]):
                writes.setdefault(strip.base + chunk.version, []).extend(chunk.events)
        yield from sorted(writes.items())

    def read(self, strips: Sequence[Strip], *, before: Cursor | None = None, limit: int = 100) -> Page:
        raise NotImplementedError("no unit reads pages")

    def find(self, profile: Profile, wanted: Sequence[Signed]) -> dict[str, str]:
        self.check_complete(profile.strips())
        ids = {one.call.message_id for one in wanted}
        events = (one for chunk in self.all(profile.strips()) for one in chunk.events)
        return {one.call.message_id: one.receipt for one in events if one.call.message_id in ids}

    def check_complete(self, strips: Sequence[Strip]) -> None:
        if any(s.newest and (s.profile_id, s.newest) not in self.chunks for s in strips):
            raise Behind("newest chunk is not stored yet")

    def prune(self, profile_id: str, tale: str) -> None:
        self.chunks = {k: c for k, c in self.chunks.items() if (c.profile_id, c.tale) != (profile_id, tale)}


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
