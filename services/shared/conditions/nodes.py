"""The validated tree of a condition. Each leaf is compiled when it is parsed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from services.shared.conditions.tracks import TrackSpec

View = Mapping[str, Any]
Check = Callable[[View, int], bool]
Seen = Callable[[View, int], Any]
Moments = Callable[[View, int], Iterable[int]]
Notes = Callable[[View, int], Mapping[str, bool]]
KnownUntil = Callable[[View, int], int | None]


@dataclass(frozen=True)
class Reference:
    """Something a condition depends on, and the path of the clause that does.

    `kind` is fact, trait, score, part (of a score: `model/value`), segment, stage, fit, cell, relation (`name` as
    written), consent (`purpose/channel`), event (`track:Order Completed`) or bucket (its seed).
    """

    kind: str
    name: str
    path: str


@dataclass(frozen=True, eq=False)
class Leaf:
    """One clause over (view, now in ms): whether it holds, what it saw, and when that may change by time alone.

    `moments` is `None` where time alone changes nothing; `repeats` says that it has moments for ever and gives only
    those of the coming `timed.LOOK_AHEAD`; `known_until` says up to when they are all there are (`None`: for ever).
    `notes` are what an explanation says of how the answer was come by.
    """

    document: dict[str, Any]
    check: Check
    seen: Seen
    moments: Moments | None = None
    repeats: bool = False
    references: tuple[Reference, ...] = ()
    tracks: tuple[TrackSpec, ...] = ()
    notes: Notes | None = None
    known_until: KnownUntil | None = None

    @property
    def timed(self) -> bool:
        """Whether time alone may change it."""
        return self.moments is not None


@dataclass(frozen=True, eq=False)
class Group:
    """`all`, `any` or `none` of its children."""

    operator: Literal["all", "any", "none"]
    children: tuple[Node, ...]
    document: dict[str, Any]
    check: Check
    timed: bool
    """Whether time alone may change it."""


Node = Leaf | Group


@dataclass(frozen=True)
class Condition:
    """A parsed condition. `document` is the JSON it came from; two of the same document are equal."""

    document: dict[str, Any]
    root: Node = field(repr=False, compare=False)
    leaves: tuple[Leaf, ...] = field(repr=False, compare=False)
    ages: tuple[Leaf, ...] = field(repr=False, compare=False)
    """The clauses that time alone may change."""

    def references(self) -> list[Reference]:
        """Everything it depends on, with the path of the clause that does."""
        return [reference for leaf in self.leaves for reference in leaf.references]

    def tracks(self) -> list[TrackSpec]:
        """What must be kept of events for it."""
        return [track for leaf in self.leaves for track in leaf.tracks]


def combine(operator: str, checks: tuple[Callable[..., bool], ...]) -> Callable[..., bool]:
    """The check of a group: loops, because a generator costs more than most clauses do."""
    stop, answer = operator != "all", operator == "any"

    def check(*seen: Any) -> bool:
        for one in checks:
            if one(*seen) is stop:
                return answer
        return not answer

    return check
