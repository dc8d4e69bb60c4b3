"""Where definitions put a person, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, ClassVar, Protocol, runtime_checkable

from services.shared.conditions import Reference, View

MEMBER = "in"
"""The value of a place in a segment."""


@dataclass(frozen=True)
class Place:
    """A value that a definition gives a person, since when, and the last ones on the way there (each with its own
    since, the oldest first)."""

    value: str
    since: datetime
    path: tuple[tuple[str, datetime], ...] = ()


def steps(old: Place | None, new: Place | None) -> list[tuple[Place | None, Place | None]]:
    """The changes of value that led from one place to another, as far as the new one remembers its way."""
    if new is None or old == new:
        return [(old, None)] if new is None and old else []
    way = [Place(value, since) for value, since in new.path]
    begun = [i for i, place in enumerate(way) if old and (place.value, place.since) == (old.value, old.since)]
    passed = way[begun[-1] + 1 :] if begun else ([] if old else way)
    return [(a, b) for a, b in pairwise([old, *passed, new]) if a is None or b is None or a.value != b.value]


Held = Mapping[str, Place]
"""Places under one definition, by subject: "" is the person, else a product."""

Seat = tuple[str, str, str]
"""Kind of definition, its name, and the subject."""


@runtime_checkable
class Judged(Protocol):
    """A definition that puts a person somewhere, as a function of what is known and of time."""

    kind: ClassVar[str]

    @property
    def name(self) -> str: ...

    @property
    def values(self) -> tuple[str, ...]:
        """Every value a place may have."""
        ...

    @property
    def subjects(self) -> tuple[str, ...]:
        """Every subject there is."""
        ...

    def document(self) -> dict[str, Any]: ...

    def references(self) -> Iterable[Reference]: ...

    def settle(self, view: View, held: Held, at: datetime) -> Held:
        """The places at `at`, those of before given; one that stays is the same object as before."""
        ...

    def explained(self, view: View, held: Held, at: datetime) -> dict[str, Any]:
        """Why the person is where they are, as JSON."""
        ...

    def next_flip(self, view: View, held: Held, after: datetime) -> datetime | None:
        """The first instant after `after` at which time alone changes the places, or one before it at which to look
        again; `None`: never."""
        ...
