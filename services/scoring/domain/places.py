"""Where definitions put a person, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, runtime_checkable

from services.shared.conditions import Reference, View


@dataclass(frozen=True)
class Place:
    """A value that a definition gives a person, since when."""

    value: str
    since: datetime


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

    def document(self) -> dict[str, Any]: ...

    def references(self) -> Iterable[Reference]: ...

    def settle(self, view: View, held: Held, at: datetime) -> Held:
        """The places at `at`, those of before given; one that stays is the same object as before."""
        ...

    def next_flip(self, view: View, held: Held, after: datetime) -> datetime | None:
        """The first instant after `after` at which time alone changes the places, or one before it at which to look
        again; `None`: never."""
        ...
