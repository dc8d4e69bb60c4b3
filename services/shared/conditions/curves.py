"""Values that time alone changes, such as scores that fade, and when a comparison of one may flip."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from services.shared.conditions.instants import LAST
from services.shared.conditions.operators import is_number

MOST_LOOKS = 400
"""Intervals looked at in one search. One flip takes some 80; only plus and minus that keep each other in balance near
a literal take more, and are looked at again."""


@runtime_checkable
class Curve(Protocol):
    """A number as a function of time, in milliseconds since 1970."""

    def at(self, now: int) -> int | float:
        """The number at `now`."""
        ...

    def bounds(self, first: int, last: int) -> tuple[int | float, int | float]:
        """What it is neither below nor above from `first` to `last`, with none of `starts` between. Of one instant, or
        where it does not change, both are the number."""
        ...

    def starts(self, now: int) -> Iterable[int]:
        """The moments after `now` at which something new comes in."""
        ...

    def rests_from(self) -> int:
        """From then on it stays as it is."""
        ...

    def part(self, value: str) -> Curve:
        """What of it belongs to one value of the property by which it is kept apart."""
        ...


@dataclass(frozen=True)
class Flips:
    """Moments (ascending) at which a verdict may change, each that there is up to `known_until`; `None`: for ever."""

    moments: tuple[int, ...]
    known_until: int | None = None


def number_at(value: Any, now: int) -> Any:
    """The number that a value of a view is at `now`; what is no curve is itself."""
    return value.at(now) if isinstance(value, Curve) else value


def flips_of(curve: Curve, literal: Any, now: int) -> Flips:
    """When a comparison of a curve with a literal (or several) may change its verdict, after `now`.

    Between two starts a curve is held between bounds. An interval whose bounds have no literal between them is done;
    any other is halved, the earlier half first, down to the millisecond.
    """
    literals = [one for one in (literal if isinstance(literal, tuple) else (literal,)) if is_number(one)]
    starts = sorted({at for at in curve.starts(now) if now < at <= LAST})
    begins, end = [now, *starts], min(curve.rests_from(), LAST)
    stack = [
        (first, last)
        for first, last in zip(begins, [*(at - 1 for at in starts), end], strict=True)
        if first < last
    ][::-1]
    found = set(starts)
    looks = 0
    while stack:
        first, last = stack.pop()
        looks += 1
        if looks > MOST_LOOKS:
            return Flips(tuple(sorted(at for at in found if at <= first)), first)
        low, high = curve.bounds(first, last)
        if low == high or not any(low <= one <= high for one in literals):
            continue
        if last - first == 1:
            found.add(last)
            continue
        middle = (first + last) // 2
        stack += [(middle, last), (first, middle)]
    return Flips(tuple(sorted(found)))
