"""How sure a share is: counts with intervals, and tests of whether one share is really greater than another."""

from __future__ import annotations

import math
from collections.abc import Sequence

from services.shared.statistics import NOBODY, Interval, Share, p_differs, p_greater

__all__ = [
    "NOBODY",
    "Interval",
    "Share",
    "area_under_curve",
    "false_discovery",
    "p_differs",
    "p_differs_among_equals",
    "p_greater",
    "p_greater_among_equals",
]


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
