"""The lines that a score is the sum of, each with its cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.scoring.domain.points import Pile
from services.shared.conditions.instants import iso
from services.shared.conditions.measures import millionths

MOST_LINES = 50
"""Lines that are shown; all others are summed up in one more."""


@dataclass(frozen=True)
class Line:
    """Points (millionths) and what they are for; those of one event have the time `at` which it happened."""

    points: int
    what: Mapping[str, Any] = field(default_factory=dict)
    at: int = 0

    def document(self) -> dict[str, Any]:
        """As JSON."""
        when = {"at": iso(self.at)} if self.at else {}
        return {**self.what, **when, "points": millionths(self.points)}


def lines_of(event: str, pile: Pile, now: int) -> Iterator[Line]:
    """Those of a pile: each event with what it `given` once and what is left, those beyond counting in number, and what
    the cap takes off. `why` says what became of the points."""
    what: dict[str, Any] = {"event": event, **({"value": pile.value} if pile.value else {})}
    if pile.older:
        yield Line(pile.older * pile.fading.at_first, {**what, "count": pile.older})
    for at in pile.times:
        worth = pile.fading.worth(now - at)
        why = _why(worth, pile.fading.at_first, now - at)
        given = {"given": millionths(pile.fading.at_first)}
        yield Line(worth, {**what, **given, **({"why": why} if why else {})}, at)
    if taken := pile.total(now) - pile.earned(now):
        yield Line(taken, {**what, "why": "cap"})


def shown(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """The newest lines as JSON, then those without a time, then the rest in one."""
    ordered: Sequence[Line] = sorted(lines, key=lambda line: -line.at)
    rest = ordered[MOST_LINES:]
    rows = [line.document() for line in ordered[:MOST_LINES]]
    if rest:
        total = sum(line.points for line in rest)
        rows.append(Line(total, {"count": len(rest), "why": "older"}).document())
    return rows


def _why(worth: int, given: int, age: int) -> str:
    if age < 0:
        return "to_come"
    if not worth and given:
        return "expired"
    return "decayed" if worth != given else ""
