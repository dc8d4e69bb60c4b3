"""What journeys hear of people: conditions that are watched for them, events they listen to, traits they carry.

A watch is a segment that no marketer sees: its name begins with `~`, which no marketer's may. Who fits when a watch is
first asked for is in it without a word; from then on it is told of like any segment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from services.scoring.domain.definitions.segments import Segment
from services.scoring.domain.facts import event_key
from services.shared.conditions import parse
from services.shared.conditions.limits import Budget
from services.shared.conditions.matching import Matcher, Pattern, compile_patterns
from services.shared.conditions.where import parse_where
from services.shared.contracts.ingest import CustomerEvent
from services.shared.contracts.journeys import Listener, Listening
from services.shared.errors import Invalid

MARK = "~"
_EVER = datetime.min.replace(tzinfo=UTC)


def is_watch(segment: str) -> bool:
    """Is a segment of that name a watch?"""
    return segment.startswith(MARK)


@dataclass(frozen=True)
class Watch(Segment):
    """A condition that journeys asked for first at `asked_at`."""

    asked_at: datetime = _EVER


@dataclass(frozen=True)
class Request:
    """What a journey needs to hear by its newest revision, and when each of its watches was first asked for."""

    listening: Listening
    asked_at: Mapping[str, datetime]

    @property
    def names(self) -> set[str]:
        """Of its watches and listeners."""
        said = self.listening
        return {*(one.name for one in said.watches), *(one.name for one in said.listeners)}


@dataclass(frozen=True)
class Hearing:
    """The requests of all journeys. What can't be read is left out."""

    requests: tuple[Request, ...] = ()

    def with_(self, listening: Listening) -> Hearing:
        """With a journey's newest request; a watch that somebody asked for already was asked for then."""
        known = {name: at for one in reversed(self.requests) for name, at in one.asked_at.items()}
        new = Request(listening, {one.name: known.get(one.name, listening.at) for one in listening.watches})
        others = [one for one in self.requests if one.listening.journey != listening.journey]
        return Hearing(tuple(sorted([*others, new], key=lambda one: one.listening.journey)))

    def of(self, journey: str) -> Listening | None:
        """What a journey needs."""
        return next((r.listening for r in self.requests if r.listening.journey == journey), None)

    @cached_property
    def watches(self) -> tuple[Watch, ...]:
        """Each once, by name."""
        wanted = {
            w.name: (w.when, one.asked_at[w.name]) for one in self.requests for w in one.listening.watches
        }
        found = []
        for name, (when, asked_at) in sorted(wanted.items()):
            try:
                found.append(Watch(name, parse(when), asked_at=asked_at))
            except Invalid:
                continue
        return tuple(one for one in found if is_watch(one.name))

    @cached_property
    def listeners(self) -> tuple[Listener, ...]:
        """Each once, by name."""
        wanted = {one.name: one for request in self.requests for one in request.listening.listeners}
        return tuple(one for _, one in sorted(wanted.items()) if _pattern(one))

    @cached_property
    def carries(self) -> frozenset[str]:
        """The traits that journeys are told of."""
        return frozenset(name for request in self.requests for name in request.listening.carries)

    def listening_to(self, event: CustomerEvent) -> Iterable[Listener]:
        """The listeners that an event passes."""
        return (self.listeners[n] for n in self._matcher(event_key(event), event.properties))

    @cached_property
    def _matcher(self) -> Matcher:
        return compile_patterns(pattern for one in self.listeners if (pattern := _pattern(one)))


def _pattern(listener: Listener) -> Pattern | None:
    try:
        where = None if listener.where is None else parse_where(listener.where, "where", Budget())
    except Invalid:
        return None
    return Pattern(f"{listener.type}:{listener.event}", where)
