"""How sure a share is: counts with intervals, and tests of whether one share is really greater than another."""

from __future__ import annotations

import math
from collections.abc import Sequence
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


def p_greater_among_equals(pairs: Sequence[tuple[Share, Share]]) -> float:
    """The same question within groups of comparable people, a pair of shares each: Mantel and Haenszel's test (1959)
    with the continuity correction, one-sided; exact when only one group has something to tell."""
    telling = [(first, second) for first, second in pairs if _variance(first, second)]
    if len(telling) < 2:
        return p_greater(*telling[0]) if telling else 1.0
    surplus = sum(first.hits - first.of * (first + second).rate for first, second in telling)
    deviation = math.sqrt(sum(_variance(first, second) for first, second in telling))
    return 0.5 * math.erfc((surplus - 0.5) / deviation / math.sqrt(2))


def p_differs_among_equals(pairs: Sequence[tuple[Share, Share]]) -> float:
    """The same for either direction."""
    turned = [(second, first) for first, second in pairs]
    return min(1.0, 2 * min(p_greater_among_equals(pairs), p_greater_among_equals(turned)))


def _variance(first: Share, second: Share) -> float:
    """Of the hits of `first`, if they fall on both by chance (hypergeometric)."""
    both = first + second
    if both.of < 2:
        return 0.0
    return first.of * second.of * both.hits * (both.of - both.hits) / (both.of**2 * (both.of - 1))


def false_discovery(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg (1995): for each p-value its q, the share of false findings among all that are at least
    as striking. Taking what has `q <= 0.05` means that of twenty findings one is chance."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i], reverse=True)
    q_values = [1.0] * len(p_values)
    least = 1.0
    for behind, index in enumerate(order):
        least = min(least, p_values[index] * len(p_values) / (len(p_values) - behind))
        q_values[index] = least
    return q_values


def area_under_curve(scores: Sequence[float], outcomes: Sequence[bool]) -> float:
    """How probable it is that one of those with the outcome has a higher score than one without; ties count half.

    Raises:
        ValueError: all or none have the outcome.
    """
    hits = sum(outcomes)
    misses = len(outcomes) - hits
    if not hits or not misses:
        raise ValueError("both outcomes are needed")
    order = sorted(range(len(scores)), key=lambda i: scores[i])
    rank_sum, start = 0.0, 0
    while start < len(order):
        end = start
        while end < len(order) and scores[order[end]] == scores[order[start]]:
            end += 1
        rank_sum += (start + 1 + end) / 2 * sum(outcomes[i] for i in order[start:end])
        start = end
    return (rank_sum - hits * (hits + 1) / 2) / (hits * misses)


def _ln_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
