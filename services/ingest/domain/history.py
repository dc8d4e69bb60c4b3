"""A profile's history: the events it took in, kept in chunks of one write and calendar month.

Merged profiles keep their chunks: the history of a person is the union over its own profile and the absorbed ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal, get_args

from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.validate import Call
from services.shared.clock import to_iso
from services.shared.contracts.ingest import CustomerEvent

TraitKind = Literal["declared", "observed", "imported", "derived"]
"""How a trait is known, strongest first: the person (or the shop for the person) said so, it was seen, it came with a
file, it was computed."""

TRAIT_KINDS: Sequence[TraitKind] = get_args(TraitKind)

TRAIT_KIND_OF: Mapping[str, TraitKind] = {
    "device": "observed",
    "import": "imported",
    "partner": "imported",
    "model": "derived",
}
"""Kinds of sources whose traits nobody declared; a `model` computes them (predictions, enrichment)."""

NO_TALE = "-"
"""The tale of a redirect whose history was told anew elsewhere: there is nothing under it."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Signed:
    """A valid call with what its acceptance adds: receipt, source, when it was received, and `public` when anybody
    may have sent it, because the keys of its door are in web pages. `kind` is that of its traits. `queued_at` (real
    milliseconds, 0: not known) is for measuring, `withheld` names the traits that were not taken; neither is part of
    history."""

    receipt: str
    call: Call
    public: bool = False
    source: str = ""
    received_at: datetime = EPOCH
    kind: TraitKind = "declared"
    queued_at: int = field(default=0, compare=False)
    withheld: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def order(self) -> tuple[float, str, str]:
        """Time first, then ids: the same for every order of arrival."""
        return self.call.at.timestamp(), self.call.message_id, self.receipt

    @property
    def strand(self) -> Identifier | None:
        """Whose event it is: its strongest identifier, for ever; `None` when it names a profile instead."""
        return self.call.identifiers[0] if self.call.identifiers else None

    def told(self) -> CustomerEvent:
        """What others learn of it."""
        return CustomerEvent(
            message_id=self.call.message_id,
            type=self.call.type,
            name=self.call.name,
            at=self.call.at,
            properties=dict(self.call.properties),
        )


@dataclass(frozen=True)
class Strip:
    """Where a stretch of a history lies: chunks of `profile_id` under `tale`, which changes whenever the history is
    told anew. `newest` is the place of the last chunk (empty: none yet); `base` is what turns the versions of an
    absorbed profile into versions of the one that absorbed it."""

    profile_id: str
    tale: str = ""
    newest: str = ""
    base: int = 0


@dataclass(frozen=True)
class Chunk:
    """The events of one write and one calendar month, in time order."""

    profile_id: str
    tale: str
    version: int
    events: tuple[Signed, ...]

    @property
    def place(self) -> str:
        """Sorts the chunks of a tale by their newest event, then version."""
        return place(self.tale, self.events[-1].call.at, self.version)


@dataclass(frozen=True)
class Cursor:
    """A place in a timeline, which is sorted by time and message id."""

    at: datetime
    message_id: str


@dataclass(frozen=True)
class Page:
    """Events newest first, and where to go on (`None`: that is all)."""

    events: tuple[Signed, ...] = ()
    next: Cursor | None = None


def place(tale: str, at: datetime, version: int) -> str:
    """The sort key of a chunk whose newest event is at `at`."""
    return f"event#{tale}#{to_iso(at)}#{version:010d}"


def chunks(profile_id: str, tale: str, version: int, events: Iterable[Signed]) -> list[Chunk]:
    """The chunks of a write, oldest month first; events in time order."""
    months: dict[tuple[int, int], list[Signed]] = {}
    for one in sorted(events, key=lambda s: s.order):
        months.setdefault((one.call.at.year, one.call.at.month), []).append(one)
    return [Chunk(profile_id, tale, version, tuple(found)) for _, found in sorted(months.items())]


def month_after(at: datetime) -> datetime:
    """The first instant of the month that follows `at`'s."""
    first = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)


def rebased(strips: Iterable[Strip], base: int) -> tuple[Strip, ...]:
    """The strips of an absorbed profile, as the absorbing one, `base` versions on, lists them."""
    return tuple(replace(strip, base=strip.base + base) for strip in strips)
