"""How sure a share is: counts with intervals, and tests of whether one share is really greater than another. The
standard library only, so that every function may carry it; tests hold it against SciPy."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z95 = 1.959963984540054
"""Standard deviations either side that hold 95 % of a normal distribution."""

_NEGLIGIBLE = 1e-12


@dataclass(frozen=True)
class Interval:
    """The values that are believable at 95 %."""

    low: float
    high: float


@dataclass(frozen=True)
class Share:
    """`hits` out of `of`."""

    hits: int
    of: int

    @property
    def rate(self) -> float:
        """Between 0 and 1; of nobody it is 0."""
        return self.hits / self.of if self.of else 0.0

    def interval(self) -> Interval:
        """Wilson's score interval (1927), which is right for small counts and shares near 0 and 1 too."""
        if not self.of:
            return Interval(0.0, 1.0)
        n, z2 = self.of, Z95 * Z95
        middle = (self.rate + z2 / (2 * n)) / (1 + z2 / n)
        half = Z95 / (1 + z2 / n) * math.sqrt(self.rate * (1 - self.rate) / n + z2 / (4 * n * n))
        low = 0.0 if self.hits == 0 else max(0.0, middle - half)
        high = 1.0 if self.hits == n else min(1.0, middle + half)
        return Interval(low, high)

    def __add__(self, other: Share) -> Share:
        return Share(self.hits + other.hits, self.of + other.of)

    def __sub__(self, other: Share) -> Share:
        return Share(self.hits - other.hits, self.of - other.of)


NOBODY = Share(0, 0)


def p_greater(first: Share, second: Share) -> float:
    """Fisher's exact test, one-sided: how probable it is, if both shares are the same in truth, that the hits fall on
    `first` as much as they do or more."""
    hits, people = first.hits + second.hits, first.of + second.of
    if not people:
        return 1.0
    if first.hits * people <= first.of * hits:  # the tail that holds the middle is what the other one leaves
        return 1.0 - _tail(first.hits - 1, first.of, hits, people, up=False)
    return _tail(first.hits, first.of, hits, people, up=True)


def _tail(k: int, draws: int, hits: int, people: int, *, up: bool) -> float:
    """Probability of `k` and all beyond it, of a hypergeometric distribution; `k` is away from its middle."""
    least, most = max(0, draws + hits - people), min(draws, hits)
    if not least <= k <= most:
        return 0.0
    term = total = math.exp(
        _ln_choose(hits, k) + _ln_choose(people - hits, draws - k) - _ln_choose(people, draws)
    )
    while term > total * _NEGLIGIBLE and (k < most if up else k > least):
        more, less = (draws - k) * (hits - k), (k + 1) * (people - draws - hits + k + 1)
        if not up:
            less, more = (draws - k + 1) * (hits - k + 1), k * (people - draws - hits + k)
        term *= more / less
        total += term
        k += 1 if up else -1
    return min(1.0, total)


def p_differs(first: Share, second: Share) -> float:
    """The same test for either direction: twice the smaller tail."""
    return min(1.0, 2 * min(p_greater(first, second), p_greater(second, first)))


def difference(first: Share, second: Share) -> Interval:
    """What is believable at 95 % of how much greater the rate of `first` is: Newcombe's hybrid of two score intervals
    (1998, method 10)."""
    one, other, gap = first.interval(), second.interval(), first.rate - second.rate
    down = math.hypot(first.rate - one.low, other.high - second.rate)
    up = math.hypot(one.high - first.rate, second.rate - other.low)
    return Interval(max(-1.0, gap - down), min(1.0, gap + up))


def _ln_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
