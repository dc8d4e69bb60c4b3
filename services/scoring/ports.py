"""What the use cases need from outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from services.scoring.domain.definitions import Definition, Definitions
from services.scoring.domain.permissions import Permissions
from services.scoring.domain.places import Place, Seat
from services.scoring.domain.recalling import History
from services.scoring.domain.standing import ProfileStanding
from services.shared.clock import to_iso
from services.shared.contracts.base import Fact
from services.shared.contracts.consent import ConsentChange

DUE_SHARDS = 8
"""Partitions of the due index: 8,000 profiles a second may become due."""


class UnreadableStanding(Exception):
    """What is stored under a profile is no standing."""


@dataclass(frozen=True)
class Saved:
    """The write stands."""


@dataclass(frozen=True)
class Overtaken:
    """Somebody else wrote first; `current` is what stands now."""

    current: ProfileStanding | None


@dataclass(frozen=True)
class NotSaved:
    """The store failed."""

    error: Exception


SaveResult = Saved | Overtaken | NotSaved


@dataclass(frozen=True)
class Page:
    """Some standings, and the profile behind which the next page begins ("": there is none)."""

    standings: Mapping[str, ProfileStanding | UnreadableStanding]
    last: str


class Standings(Protocol):
    """One standing per profile, written only over the version it was made from."""

    def load(
        self, profile_ids: Iterable[str], *, consistent: bool = False
    ) -> Mapping[str, ProfileStanding | UnreadableStanding]:
        """The standings that exist; one that can't be read is its error. Who may decide that there is nothing to write
        asks for `consistent` ones; others may be stale, and are refused when they are saved."""
        ...

    def save(self, standings: Sequence[ProfileStanding]) -> Sequence[SaveResult]:
        """Write each if the stored version is the one before it; one result for each, in order."""
        ...

    def due(self, shard: int, until: str) -> Iterator[str]:
        """Ids of a shard that the index has as due at or before `until` (ISO), earliest first; may be stale."""
        ...

    def page(self, after: str, size: int) -> Page:
        """The next standings of all there are, in the store's own order, from behind profile `after` ("": from the
        start); may be stale. There need be no profile of that id: the page begins where it would be."""
        ...

    def size(self) -> int:
        """About how many there are, remains of profiles that are gone counted; hours old."""
        ...


@dataclass(frozen=True)
class PlaceChange:
    """What a write, at `at`, made of a profile's places."""

    profile_id: str
    before: Mapping[Seat, Place]
    after: Mapping[Seat, Place]
    at: datetime


@dataclass(frozen=True)
class Member:
    """Somebody in a place, since when."""

    profile_id: str
    since: datetime


@dataclass(frozen=True)
class Migration:
    """A move from a value to another ("": nowhere), of a subject."""

    subject: str
    before: str
    after: str


class Consents(Protocol):
    """What is permitted, by address, and whose the addresses are."""

    def record(self, changes: Sequence[ConsentChange]) -> None:
        """Keep permissions; repeated and overtaken ones change nothing."""
        ...

    def of(self, keys: Collection[str]) -> Mapping[str, Permissions]:
        """What is permitted under these keys, where anything ever was; never stale."""
        ...

    def profiles(self, keys: Collection[str]) -> set[str]:
        """Who has these addresses; never stale."""
        ...


class PlaceBook(Protocol):
    """Who is where, listed; a moment behind the standings."""

    def record(self, changes: Sequence[PlaceChange]) -> None:
        """Bring the lists up to date; the same again changes nothing."""
        ...

    def members(self, seat: Seat, value: str, after: str, limit: int) -> tuple[list[Member], str]:
        """The next of those in a place, in a steady order, and the cursor behind them ("": there are no more)."""
        ...

    def part(self, seat: Seat, value: str, part: int, after: str, limit: int) -> tuple[list[Member], str]:
        """The next of those in a part (`audience.PARTS`) of a place, by id, and behind whom ("": that is all)."""
        ...

    def count(self, seat: Seat, value: str) -> int:
        """How many are in a place."""
        ...

    def moves(self, kind: str, name: str, first: date, last: date) -> Counter[Migration]:
        """How often each move happened, from the first to the last day (UTC), both counted."""
        ...


@dataclass(frozen=True)
class Pass:
    """A walk over all standings because definitions changed to version `definitions`: not before `starts_at`, and
    done up to and with profile `after`.

    `looked_at` counts the profiles it is done with, and `failed` those of them that can't be judged. `waiting` are
    those of the page it stands before that it has to come back to: their past is not complete yet, or others wrote
    first.
    """

    definitions: int
    starts_at: datetime
    after: str = ""
    looked_at: int = 0
    failed: int = 0
    waiting: int = 0


@dataclass(frozen=True)
class Passed:
    """The last pass that came to its end, `at`; the rest as in `Pass`."""

    definitions: int
    at: datetime
    looked_at: int
    failed: int


class Passes(Protocol):
    """The pass under way: there is at most one, and a change of definitions begins it anew."""

    def current(self) -> Pass | None:
        """It, read consistently."""
        ...

    def done(self) -> Passed | None:
        """The last one that was finished."""
        ...

    def advance(self, current: Pass, to: Pass) -> bool:
        """Note that it is where `to` has it; `False` when it is no longer where `current` has it."""
        ...

    def finish(self, current: Pass, done: Passed) -> bool:
        """Note that all is done; `False` when it is no longer where `current` has it."""
        ...


class DefinitionReader(Protocol):
    """The marketers' definitions."""

    def load(self, at_least: int = 0) -> Definitions:
        """All of them, at one version; if kept ones are older than `at_least`, read anew."""
        ...


@dataclass(frozen=True)
class Revision:
    """A document as it was saved; without one, it was deleted then. `saved_at` is unknown of the oldest."""

    number: int
    document: Mapping[str, Any] | None
    saved_at: datetime | None

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "revision": self.number,
            "saved_at": to_iso(self.saved_at) if self.saved_at else None,
            "document": self.document,
        }


class DefinitionStore(DefinitionReader, Protocol):
    """The same, to change. Each document has revisions of its own, counted from 1 and never used twice."""

    def revision(self, kind: str, name: str) -> Revision | None:
        """The one that stands, as it is now (never stale)."""
        ...

    def revisions(self, kind: str, name: str, before: int, limit: int) -> Sequence[Revision]:
        """Those with a number below `before`, the newest first."""
        ...

    def save(
        self, new: Definition, number: int, following: Definitions, at: datetime, pass_at: datetime
    ) -> bool:
        """Write revision `number`, which makes definitions what `following` says, and begin a pass over all standings
        at `pass_at`; `False` if that version is taken."""
        ...

    def delete(
        self, kind: str, name: str, number: int, following: Definitions, at: datetime, pass_at: datetime
    ) -> bool:
        """Let go of a document, in the same manner."""
        ...

    def hear(self, journey: str, following: Definitions, before: int, pass_at: datetime | None) -> bool:
        """Write what a journey needs to hear, which makes definitions of version `before` what `following` says, and
        begin a pass at `pass_at` (`None`: none is needed); `False` if that version is no longer the one."""
        ...


class Histories(Protocol):
    """The past of profiles, as ingest keeps it."""

    def of(self, profile_ids: Collection[str]) -> Mapping[str, History]:
        """The whole past of each; one whose newest part is not stored yet is left out."""
        ...


class Publisher(Protocol):
    """The event bus."""

    def publish(self, facts: Iterable[Fact]) -> None:
        """Put every fact on the bus, or raise."""
        ...
