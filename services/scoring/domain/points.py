"""What events are worth, and how that fades: a score is a sum of lines that can be looked at.

All sums are of whole millionths, so that they are the same in any order and the lines add up to the score exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from services.shared.conditions import Curve
from services.shared.conditions.measures import millionths
from services.shared.conditions.tracks import MILLION, amount

HUNDREDTH = MILLION // 100
"""What fades is rounded to hundredths of a point, so it is gone one day."""


@dataclass(frozen=True)
class Fading:
    """What one event of a rule is worth by its age in milliseconds: its points at first, half of them after each
    `half_life`, or evenly less until `linear`; nothing from `expires` on."""

    points: float
    half_life: int | None = None
    linear: int | None = None
    expires: int | None = None

    @cached_property
    def at_first(self) -> int:
        """Its points in millionths."""
        return amount(self.points) or 0

    @cached_property
    def lasts(self) -> int | None:
        """The age from which on it is worth nothing; `None`: never."""
        ends = [self.expires, self.linear]
        if self.half_life is not None:
            halvings = math.log2(max(1.0, abs(self.points) * 200))
            ends.append(math.ceil(self.half_life * halvings) + 1)
        return min((end for end in ends if end is not None), default=None)

    def worth(self, age: int) -> int:
        """In millionths."""
        return self.total((age,))

    def total(self, ages: Iterable[int]) -> int:
        """What events of these ages are worth together, in millionths."""
        lasts = math.inf if self.lasts is None else self.lasts
        live = [age for age in ages if 0 <= age < lasts]
        points = self.points * 100
        if self.half_life is not None:
            length = self.half_life
            halved: list[float] = [2.0 ** (-age / length) for age in live]
            return HUNDREDTH * sum([round(points * left) for left in halved])
        if self.linear is not None:
            length = self.linear
            return HUNDREDTH * sum([round(points * (1 - age / length)) for age in live])
        return self.at_first * len(live)


@dataclass(frozen=True)
class Pile:
    """The points of one rule, for one `value` if it keeps them apart: `times` of events (ascending), `older` ones that
    are worth their points for good, and the `cap` in millionths. All are plus, or all are minus."""

    rule: int
    fading: Fading
    times: tuple[int, ...] = ()
    older: int = 0
    cap: int | None = None
    value: str = ""

    def earned(self, now: int) -> int:
        """Before the cap, in millionths."""
        return self.older * self.fading.at_first + self.fading.total([now - at for at in self.times])

    def total(self, now: int) -> int:
        """In millionths."""
        earned = self.earned(now)
        return earned if self.cap is None else max(-self.cap, min(self.cap, earned))

    def count(self, now: int) -> int:
        """Its events up to `now`, as far as they are remembered."""
        return self.older + sum(at <= now for at in self.times)

    def rests_from(self) -> int:
        """From then on nothing changes."""
        return self.times[-1] + (self.fading.lasts or 0) if self.times else 0


@dataclass(frozen=True)
class Points:
    """A score whose events come and fade."""

    piles: tuple[Pile, ...]

    def at(self, now: int) -> int | float:
        return millionths(sum(self._totals(now)))

    def bounds(self, first: int, last: int) -> tuple[int | float, int | float]:
        # Between starts, what a pile holds only shrinks towards nothing.
        begin, end = self._totals(first), self._totals(last)
        return millionths(sum(map(min, begin, end))), millionths(sum(map(max, begin, end)))

    def starts(self, now: int) -> Iterable[int]:
        return (at for pile in self.piles for at in pile.times if at > now)

    def rests_from(self) -> int:
        return max((pile.rests_from() for pile in self.piles), default=0)

    def part(self, value: str) -> Points:
        return Points(tuple(pile for pile in self.piles if pile.value == value))

    def _totals(self, now: int) -> tuple[int, ...]:
        found = self._looked_at.get(now)
        if found is None:
            found = self._looked_at[now] = tuple([pile.total(now) for pile in self.piles])
        return found

    @cached_property
    def _looked_at(self) -> dict[int, tuple[int, ...]]:
        """Halving comes back to the same instants, and so does whoever asks for the moments after them."""
        return {}

    @property
    def values(self) -> list[str]:
        """The values that points are kept apart by."""
        return sorted({pile.value for pile in self.piles} - {""})


@dataclass(frozen=True)
class Weighted:
    """Other scores, each times its weight, in sum."""

    parts: tuple[tuple[float, Any], ...]

    def at(self, now: int) -> int | float:
        return millionths(sum(shares(self.parts, now)))

    def bounds(self, first: int, last: int) -> tuple[int | float, int | float]:
        lows = highs = 0
        for weight, part in self.parts:
            ends = part.bounds(first, last) if isinstance(part, Curve) else (part, part)
            low, high = sorted(_share(weight, end) for end in ends)
            lows, highs = lows + low, highs + high
        return millionths(lows), millionths(highs)

    def starts(self, now: int) -> Iterable[int]:
        return (at for _, part in self.parts if isinstance(part, Curve) for at in part.starts(now))

    def rests_from(self) -> int:
        return max((part.rests_from() for _, part in self.parts if isinstance(part, Curve)), default=0)

    def part(self, value: str) -> Weighted:
        parts = tuple((weight, one.part(value)) for weight, one in self.parts if isinstance(one, Curve))
        return Weighted(parts)


def shares(parts: Iterable[tuple[float, Any]], now: int) -> list[int]:
    """What each part brings, in millionths."""
    return [_share(weight, one.at(now) if isinstance(one, Curve) else one) for weight, one in parts]


def _share(weight: float, score: float) -> int:
    return round(weight * (amount(score) or 0))


Score = int | float | Curve
"""A score as conditions see it: a number, or a curve where time changes it."""

Scores = Mapping[str, Score]


def settled(score: Score) -> Score:
    """A curve that never changes any more, because it has no times, is the number it is."""
    return score if isinstance(score, int | float) or score.rests_from() else score.at(0)
