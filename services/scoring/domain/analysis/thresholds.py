"""Threshold finder: from how many times on does doing something announce the goal?

"Whoever ran more than two simulations wants an appointment." Each cut-off splits people into those below and those at
it or above; the split that tells most (likelihood ratio, as the first split of a decision tree) is suggested, if it is
not chance. People are compared with those who are as busy otherwise. Every cut-off is a chance to be wrong, so the
p-value is multiplied by their number (Bonferroni).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.scoring.domain.analysis.evidence import NOBODY, Interval, Share, p_greater_among_equals
from services.scoring.domain.analysis.observing import Observation

SIGNIFICANCE = 0.05
"""How often noise alone may be taken for a cut-off."""

LEAST_SUPPORT = 20
"""People on either side of a cut-off worth suggesting."""

MOST_TIMES = 100
"""Counts above are taken together."""


@dataclass(frozen=True)
class CutOff:
    """`at_least` times or more (`above`) against fewer (`below`). `lift` is how many times more often the goal comes
    than with everybody; `p` is corrected for the number of cut-offs tried."""

    at_least: int
    above: Share
    below: Share
    p: float

    @property
    def lift(self) -> float:
        """Rate above / rate of everybody; 0 when nobody reached the goal."""
        base = (self.above + self.below).rate
        return self.above.rate / base if base else 0.0

    def lift_interval(self) -> Interval:
        """The lift at either end of the interval of the rate above."""
        base, believable = (self.above + self.below).rate, self.above.interval()
        return Interval(believable.low / base, believable.high / base) if base else Interval(0.0, 0.0)


@dataclass(frozen=True)
class Finding:
    """Conversion by count, every cut-off that was tried, and the one suggested; `None` when they may all be noise."""

    by_count: Mapping[int, Share]
    tried: tuple[CutOff, ...]
    suggested: CutOff | None


Shares = Mapping[int, Share]
"""Of the people who did an event so many times, how many reached the goal."""


def by_count(observations: Iterable[Observation], event: str) -> list[Shares]:
    """Conversion by the number of times, for each group of people who are as busy otherwise."""
    people: Counter[tuple[int, int]] = Counter()
    reached: Counter[tuple[int, int]] = Counter()
    for one in observations:
        place = one.busy(event), min(one.counts.get(event, 0), MOST_TIMES)
        people[place] += 1
        reached[place] += one.reached
    groups: dict[int, dict[int, Share]] = {}
    for busy, times in sorted(people):
        groups.setdefault(busy, {})[times] = Share(reached[busy, times], people[busy, times])
    return list(groups.values())


def find(
    groups: Sequence[Shares], *, significance: float = SIGNIFICANCE, least: int = LEAST_SUPPORT
) -> Finding:
    """The cut-off that conversion by count suggests; deterministic.

    Each of the `groups` holds people who are comparable otherwise. Sides of fewer than `least` people are not
    considered.
    """
    shares = {times: _summed(groups, times) for times in sorted({times for one in groups for times in one})}
    splits = []
    for times in shares:
        sides = [_sides(one, times) for one in groups]
        above, below = (sum(side, NOBODY) for side in zip(*sides, strict=True))
        if min(below.of, above.of) >= max(least, 1):
            splits.append((times, above, below, p_greater_among_equals(sides)))
    tried = tuple(CutOff(times, above, below, min(1.0, p * len(splits))) for times, above, below, p in splits)
    sure = [one for one in tried if one.p <= significance and one.above.rate > one.below.rate]
    return Finding(shares, tried, max(sure, key=_told, default=None))


def _summed(groups: Iterable[Shares], times: int) -> Share:
    return sum((one.get(times, NOBODY) for one in groups), NOBODY)


def _sides(shares: Shares, cut_off: int) -> tuple[Share, Share]:
    """Who did it so many times or more, and who fewer."""
    above = sum((share for times, share in shares.items() if times >= cut_off), NOBODY)
    return above, sum(shares.values(), NOBODY) - above


def _told(cut_off: CutOff) -> float:
    """Twice the logarithm of how much better two rates describe the people than one does."""
    parts, whole = (cut_off.above, cut_off.below), cut_off.above + cut_off.below
    return 2 * (sum(_ln_likelihood(part) for part in parts) - _ln_likelihood(whole))


def _ln_likelihood(share: Share) -> float:
    sides = (share.hits, share.of - share.hits)
    return sum(count * math.log(count / share.of) for count in sides if count)
