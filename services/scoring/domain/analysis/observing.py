"""One look at each person: what they had done by a moment, and whether the goal came at it.

Whoever reached the goal is looked at just before they did so for the first time. Whoever didn't is looked at at an age
(time since first seen) at which somebody else did, drawn among those at which they were active still. So both had the
same time to do things, and neither had gone away. Looking at their whole history instead would make any event look
telling that just needs time to happen.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice


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


def observe(
    trails: Iterable[Trail], goal: str, window: timedelta, *, since: datetime | None = None, seed: int = 0
) -> list[Observation]:
    """An observation for each person who can be compared, by id; `since` leaves out who reached the goal before it.

    Left out is who did nothing in the window before the goal, and who did not reach it and was never active at an age
    at which somebody did. The same trails in any order give the same observations.
    """
    people = sorted((_sorted(trail) for trail in trails if trail.events), key=lambda trail: trail.person)
    end = max((trail.events[-1][0] for trail in people), default=datetime.min.replace(tzinfo=UTC))
    goals = {trail.person: _first(trail, goal) for trail in people}
    ages = sorted(at - trail.events[0][0] for trail in people if (at := goals[trail.person]))
    found = []
    for trail in people:
        reached = goals[trail.person]
        if reached is not None and since is not None and reached < since:
            continue
        moment = reached or _drawn(trail, ages, window, end, seed)
        counts = Counter(name for at, name in trail.events if moment and moment - window <= at < moment)
        if moment is not None and counts:
            found.append(Observation(trail.person, moment, reached is not None, dict(counts)))
    return found


def _sorted(trail: Trail) -> Trail:
    return Trail(trail.person, sorted(trail.events))


def _first(trail: Trail, goal: str) -> datetime | None:
    return next((at for at, name in trail.events if name == goal), None)


def _drawn(
    trail: Trail, ages: Sequence[timedelta], window: timedelta, end: datetime, seed: int
) -> datetime | None:
    """The moment of one of the `ages` at which the person was active, not after `end`; by their id, so that other
    people's draws change nothing."""
    first = trail.events[0][0]
    spans, choices, behind = [], 0, 0
    for at, _ in trail.events:
        low = max(behind, bisect_right(ages, at - first))
        behind = max(low, bisect_right(ages, min(at - first + window, end - first)))
        spans.append(range(low, behind))
        choices += behind - low
    if not choices:
        return None
    # Not a secret: a draw that anybody can repeat.
    place = random.Random(f"{seed}:{trail.person}").randrange(choices)  # noqa: S311
    return first + ages[next(islice(chain.from_iterable(spans), place, None))]
