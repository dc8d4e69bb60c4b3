"""What ingest's use cases need of the world."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from services.ingest.domain.attributes import AttributeRules
from services.ingest.domain.history import Chunk, Cursor, Page, Signed, Strip
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.known import Known
from services.ingest.domain.profile import Profile
from services.ingest.domain.regroup import Component, Decision, Node, Regrouping
from services.ingest.domain.rulings import Rulings
from services.ingest.domain.sources import Key, Source
from services.ingest.domain.traits import Trait


class StaleProfile(Exception):
    """The profile was changed by somebody else since it was read."""


class TooMany(Exception):
    """A rearrangement is more than one transaction holds."""


class Behind(Exception):
    """The history of a profile is not complete yet: the publisher has still to store what was written last. Try
    again."""


@dataclass(frozen=True)
class ProfileWrite:
    """A profile to write along with the graph; `before` is the stored version (0: none). `rulings` go with it to the
    publisher."""

    profile: Profile
    before: int
    rulings: Rulings | None = None


class Identities(Protocol):
    """The identity graph: which profile an identifier belongs to, and why. Everything is read consistently."""

    def owners(self, identifiers: Iterable[Identifier]) -> dict[Identifier, str]:
        """The profile of each identifier that has one."""
        ...

    def known(self, identifiers: Iterable[Identifier]) -> dict[Identifier, Known]:
        """What is stored with each identifier."""
        ...

    def components(self, graph_ids: Iterable[str]) -> dict[str, Component]:
        """The components of the graph."""
        ...

    def add(self, identifier: Identifier, node: Node) -> bool:
        """Store an identifier that nobody knew and that is linked with none; false when somebody was faster."""
        ...

    def commit(
        self, regrouping: Regrouping, known: Mapping[Identifier, Known], writes: Sequence[ProfileWrite]
    ) -> bool:
        """Store a component, what its identifiers know, and profiles, all or nothing; false when any of it changed
        since it was read.

        Raises:
            TooMany: it is more than a transaction holds.
        """
        ...

    def decisions(self, component: Component) -> list[Decision]:
        """The whole audit trail, oldest first."""
        ...


@dataclass(frozen=True)
class ColdTraits:
    """A profile's traits, and its version that last changed them."""

    version: int = 0
    traits: Mapping[str, Trait] = field(default_factory=dict)


class Profiles(Protocol):
    """The profiles."""

    def load(self, profile_ids: Iterable[str]) -> dict[str, Profile]:
        """Those that exist, whole, read consistently; of a merged profile its redirect."""
        ...

    def load_hot(self, profile_ids: Iterable[str]) -> dict[str, Profile]:
        """The same without their traits, at half the price."""
        ...

    def glance(self, profile_ids: Iterable[str]) -> dict[str, Profile]:
        """Those that exist, hot, maybe not as of the latest write: at a quarter of the price."""
        ...

    def traits(self, profile_ids: Iterable[str], *, consistent: bool) -> dict[str, ColdTraits]:
        """The traits of those that have some."""
        ...

    def follow(self, profile_ids: Iterable[str], *, hot: bool = False) -> dict[str, Profile]:
        """By each id the profile it leads to in the end: itself, or the one it was merged into. Whole, or as `load_hot`
        has it."""
        ...

    def save(self, profile: Profile, events: Sequence[Signed]) -> None:
        """Write `profile`, whose version is one above the stored one, and hand `events` to the publisher with it.
        Its traits are written when this version changed them.

        Raises:
            StaleProfile: the stored version is another.
        """
        ...

    def drop_traits(self, profile_id: str) -> None:
        """Remove the traits of a profile that was merged."""
        ...


class Timeline(Protocol):
    """The histories of profiles, read consistently."""

    def append(self, chunks: Sequence[Chunk]) -> None:
        """Store chunks; the same ones overwrite. Whoever sees a profile's newest chunk sees all of its chunks."""
        ...

    def read(self, strips: Sequence[Strip], *, before: Cursor | None = None, limit: int = 100) -> Page:
        """A page of the events under `strips`, newest first, from `before` on backwards."""
        ...

    def all(self, strips: Sequence[Strip]) -> list[Chunk]:
        """Every chunk under `strips`, by version within each."""
        ...

    def told(self, strips: Sequence[Strip]) -> Iterator[tuple[int, list[Signed]]]:
        """Every write under `strips`, oldest first: its version, with the strip's base added, and its events. However
        long the history is, few of its events are in memory at a time."""
        ...

    def find(self, profile: Profile, wanted: Sequence[Signed]) -> dict[str, str]:
        """Which messages of `wanted` the profile's history holds, with the receipt of each.

        Raises:
            Behind: the history is not complete yet.
        """
        ...

    def check_complete(self, strips: Sequence[Strip]) -> None:
        """
        Raises:
            Behind: the newest chunk of a strip is not stored yet.
        """
        ...

    def prune(self, profile_id: str, tale: str) -> None:
        """Remove the chunks of a tale that is told no more."""
        ...


class Lake(Protocol):
    """The store of every event as it came, with what became of it."""

    def put(self, day: datetime, receipts: Sequence[str], lines: Sequence[Mapping[str, Any]]) -> str:
        """Keep `lines` under the day and the receipts (the same ones overwrite); the object's key."""
        ...


class IntakeQueue(Protocol):
    """Where accepted events wait."""

    def send(self, body: str) -> None:
        """Durably, or an exception."""
        ...


@dataclass(frozen=True)
class Registration:
    """A source with its keys; `version` grows with every change."""

    source: Source
    keys: tuple[Key, ...]
    version: int


class StaleSource(Exception):
    """The source was changed by somebody else since it was read, or another one speaks for one of its bus sources."""


class Sources(Protocol):
    """The registry of sources and their keys, of which only hashes are kept."""

    def admit(self, key_hash: str) -> tuple[Source, Key] | None:
        """The source whose key it is, and the key, which may have expired."""
        ...

    def of_bus(self, bus_source: str) -> Source | None:
        """The source that speaks for an EventBridge source."""
        ...

    def get(self, source_id: str) -> Registration | None:
        """A source, read consistently."""
        ...

    def all(self) -> list[Source]:
        """Every source, by id."""
        ...

    def save(self, registration: Registration, before: Registration | None) -> None:
        """Write a source whose version is one above the one of `before` (`None`: there is none), with its keys.

        Raises:
            StaleSource: it can't be written, and nothing was.
        """
        ...

    def remove(self, registration: Registration) -> None:
        """Remove a source, its keys and what it speaks for.

        Raises:
            StaleSource: it was changed in the meantime.
        """
        ...


class StaleAttributes(Exception):
    """The registry of attributes was changed by somebody else since it was read."""


@dataclass(frozen=True)
class Withheld:
    """A trait that events had and profiles did not get: in how many events, and when the last time."""

    name: str
    events: int
    last_at: datetime


class Attributes(Protocol):
    """The registry of attributes, and the count of what it withheld."""

    def load(self) -> AttributeRules:
        """The registry as of now."""
        ...

    def save(self, rules: AttributeRules, at: datetime) -> None:
        """Write a registry whose version is one above the one stored.

        Raises:
            StaleAttributes: another version is stored.
        """
        ...

    def count(self, names: Mapping[str, int], at: datetime) -> None:
        """Add to the counts of withheld traits."""
        ...

    def withheld(self) -> list[Withheld]:
        """The counts, the highest first."""
        ...


class Meter(Protocol):
    """Counts what each source sends in a minute."""

    def take(self, source_id: str, events: int, limit: int, minute: int) -> bool:
        """Count `events` in `minute` (of the epoch) unless that would exceed `limit`, which only the first request of
        a minute may; were they counted?"""
        ...
