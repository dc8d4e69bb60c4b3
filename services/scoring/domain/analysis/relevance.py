"""Relevance report: which events announce a goal, and which have nothing to do with it.

Lift says what goes together, not what causes what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from services.scoring.domain.analysis.evidence import (
    NOBODY,
    Interval,
    Share,
    false_discovery,
    p_differs_among_equals,
)
from services.scoring.domain.analysis.observing import Observation

FALSE_DISCOVERIES = 0.05
"""The share of the events called relevant that may be so by chance."""

LEAST_SUPPORT = 20
"""People who did an event, for it to be reported."""


@dataclass(frozen=True)
class Relevance:
    """Of an event: how many of those who did it reached the goal (`given`), of those who didn't (`without`), and `q`,
    the share of false findings if this one is believed."""

    event: str
    given: Share
    without: Share
    q: float

    @property
    def lift(self) -> float:
        """Rate of those who did it / rate of everybody: 1 says nothing, below 1 it announces the opposite."""
        return self.given.rate / (self.given + self.without).rate

    def lift_interval(self) -> Interval:
        """The lift at either end of the interval of the rate."""
        base, believable = (self.given + self.without).rate, self.given.interval()
        return Interval(believable.low / base, believable.high / base)

    @property
    def support(self) -> int:
        """People who did it."""
        return self.given.of

    @property
    def relevant(self) -> bool:
        """Whether it is more than chance."""
        return self.q <= FALSE_DISCOVERIES


def report(observations: Sequence[Observation], goal: str, *, least: int = LEAST_SUPPORT) -> list[Relevance]:
    """Every event that at least `least` people did in their window: the relevant ones first, by the lift that is sure
    (the end of the interval nearer to 1), then the rest by name. Empty when nobody or everybody reached the goal.

    Whether it is chance is asked among people who are as busy otherwise; rates and lift are of all together.
    """
    everybody = Share(sum(one.reached for one in observations), len(observations))
    if everybody.hits in (0, everybody.of):
        return []
    support = Counter(event for one in observations for event in one.counts)
    names = sorted(event for event, people in support.items() if people >= least and event != goal)
    sides = {name: _sides(observations, name) for name in names}
    q_values = false_discovery([p_differs_among_equals(sides[name]) for name in names])
    rows = []
    for name, q in zip(names, q_values, strict=True):
        given, without = (sum(side, NOBODY) for side in zip(*sides[name], strict=True))
        rows.append(Relevance(name, given, without, q))
    return sorted(rows, key=lambda row: (not row.relevant, -_sure(row) if row.relevant else 0.0, row.event))


def _sides(observations: Sequence[Observation], event: str) -> list[tuple[Share, Share]]:
    """For each group of people who are as busy otherwise: those who did it, and those who didn't."""
    places = Counter((one.busy(event), event in one.counts, one.reached) for one in observations)

    def share(busy: int, did: bool) -> Share:
        hits, misses = places[busy, did, True], places[busy, did, False]
        return Share(hits, hits + misses)

    return [(share(busy, True), share(busy, False)) for busy in sorted({place[0] for place in places})]


def _sure(row: Relevance) -> float:
    """How far from 1 the lift is at least: 2 for twice as often, 2 for half as often too."""
    believable = row.lift_interval()
    if row.lift >= 1:
        return believable.low
    return 1 / believable.high if believable.high else float("inf")
