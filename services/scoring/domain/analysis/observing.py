"""One look at each person: what they had done by a moment, and whether the goal came at it.

Whoever reached the goal is looked at just before they did so for the first time; whoever didn't, at an age (time since
first seen) drawn among those at which others did. Of either, those who did nothing in the window before are left out.
So both had the same time to do things, and neither had gone away. Looking at their whole history instead would make any
event look telling that just needs time to happen.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True)
class Trail:
    """What a person did: instants and event names, in any order."""

    person: str
    events: Sequence[tuple[datetime, str]]


@dataclass(frozen=True)
class Observation:
    """How often a person did what in the window before `moment`, and whether the goal came at that moment."""

    person: str
    moment: datetime
    reached: bool
    counts: Mapping[str, int]

    def busy(self, event: str) -> int:
        """How much they did beside an event, in steps that double: people of the same step are compared with each
        other, for whoever is busy does more of everything, and reaches goals more often."""
        return (sum(self.counts.values()) - self.counts.get(event, 0)).bit_length()


def observe(
    trails: Iterable[Trail], goal: str, window: timedelta, *, since: datetime | None = None, seed: int = 0
) -> list[Observation]:
    """An observation for each person who can be compared, by id; `since` leaves out who reached the goal before it.

    Left out is also who did nothing in the window, and who did not reach the goal and is known for a shorter time than
    anybody needed. The same trails in any order give the same observations.
    """
    people = sorted((_sorted(trail) for trail in trails if trail.events), key=lambda trail: trail.person)
    end = max((trail.events[-1][0] for trail in people), default=datetime.min.replace(tzinfo=UTC))
    looks = [(trail, _first(trail, goal)) for trail in people]
    looks = [(trail, at) for trail, at in looks if not (at and since and at < since)]
    ages = sorted(at - trail.events[0][0] for trail, at in looks if at)
    found = []
    for trail, reached in looks:
        moment = reached or _drawn(trail, ages, end, seed)
        if moment is None:
            continue
        counts = Counter(name for at, name in trail.events if moment - window <= at < moment)
        if counts:
            found.append(Observation(trail.person, moment, reached is not None, dict(counts)))
    return found


def _sorted(trail: Trail) -> Trail:
    return Trail(trail.person, sorted(trail.events))


def _first(trail: Trail, goal: str) -> datetime | None:
    return next((at for at, name in trail.events if name == goal), None)


def _drawn(trail: Trail, ages: Sequence[timedelta], end: datetime, seed: int) -> datetime | None:
    """The moment of one of the `ages`, not after `end`; by their id, so that other people's draws change nothing."""
    first = trail.events[0][0]
    possible = bisect_right(ages, end - first)
    if not possible:
        return None
    # Not a secret: a draw that anybody can repeat.
    return first + ages[random.Random(f"{seed}:{trail.person}").randrange(possible)]  # noqa: S311
