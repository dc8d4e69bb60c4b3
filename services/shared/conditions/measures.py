"""What can be measured of the marks in a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from services.shared.conditions.instants import iso
from services.shared.conditions.tracks import MILLION, Mark, State, time_of


@dataclass(frozen=True)
class Measure:
    """`of` says what marks come to, with what was settled before them; `take` is what a mark must carry for it.

    `counts`: it is a number that grows by one with each mark (or value), so beyond what a clause asks for it makes no
    difference.
    """

    name: str
    take: Literal["", "value", "digest", "amount"]
    of: Callable[[Sequence[Mark], State], Any]
    counts: bool = False


def millionths(total: int, count: int = 1) -> int | float:
    """`total` millionths divided by `count`: a whole number where it is one, else the nearest float."""
    whole, rest = divmod(total, MILLION * count)
    return whole if not rest else total / (MILLION * count)


def _count(marks: Sequence[Mark], settled: State) -> int:
    return len(marks) + int(settled.get("n", 0))


def _total(marks: Sequence[Mark], settled: State) -> int:
    return int(settled.get("s", 0)) + sum(int(mark[1]) for mark in marks)


def _sum(marks: Sequence[Mark], settled: State) -> int | float:
    return millionths(_total(marks, settled))


def _average(marks: Sequence[Mark], settled: State) -> int | float | None:
    count = _count(marks, settled)
    return millionths(_total(marks, settled), count) if count else None


def _distinct(marks: Sequence[Mark], settled: State) -> int:
    return len({mark[1] for mark in marks})


def _first(marks: Sequence[Mark], settled: State) -> Any:
    return marks[0][1] if marks else None


def _last(marks: Sequence[Mark], settled: State) -> Any:
    return marks[-1][1] if marks else None


def _first_at(marks: Sequence[Mark], settled: State) -> str | None:
    return iso(time_of(marks[0])) if marks else None


def _last_at(marks: Sequence[Mark], settled: State) -> str | None:
    return iso(time_of(marks[-1])) if marks else None


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "count": Measure("count", "", _count, counts=True),
        "sum": Measure("sum", "amount", _sum),
        "average": Measure("average", "amount", _average),
        "distinct": Measure("distinct", "digest", _distinct, counts=True),
        "first": Measure("first", "value", _first),
        "last": Measure("last", "value", _last),
    }
)
"""By the word that a clause uses. Without a mark, a count, sum or distinct is 0 and all else is missing."""

TIMES: Mapping[str, Measure] = MappingProxyType(
    {"first": Measure("first", "", _first_at), "last": Measure("last", "", _last_at)}
)
"""The same of the times of events instead of a property."""
