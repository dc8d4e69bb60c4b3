"""How satisfied people are and what service costs, month by month: net promoter score, contacts, contacts avoided."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.ingest.domain.happenings import Happening
from services.shared.statistics import Z95, Interval

PROMOTER = 9
PASSIVE = 7
"""Answers of 0 to 10 to "would you recommend us": from 9 on promoters, below 7 detractors (Reichheld 2003)."""


@dataclass(frozen=True)
class Served:
    """One person: their answers (moment and 0 to 10), when they helped themselves, and when they needed somebody."""

    answers: Sequence[tuple[datetime, float]] = ()
    helped_themselves: Sequence[datetime] = ()
    contacts: Sequence[datetime] = ()


@dataclass
class Month:
    """Of a month (`2026-03`): `avoided` are those of `self_served` after which nobody was needed."""

    month: str
    answers: list[float] = field(default_factory=list)
    self_served: int = 0
    avoided: int = 0
    contacts: int = 0

    @property
    def promoters(self) -> int:
        """Answers of 9 and 10."""
        return sum(_side(answer) > 0 for answer in self.answers)

    @property
    def detractors(self) -> int:
        """Answers below 7."""
        return sum(_side(answer) < 0 for answer in self.answers)

    @property
    def nps(self) -> float | None:
        """Share of promoters less that of detractors, from -100 to 100; `None`: nobody answered."""
        return 100 * (self.promoters - self.detractors) / len(self.answers) if self.answers else None

    @property
    def nps_interval(self) -> Interval | None:
        """Where it lies at 95 % (normal, of a mean of -1, 0 and 1); `None` of fewer than two answers."""
        n = len(self.answers)
        if n < 2 or self.nps is None:
            return None
        mean = self.nps / 100
        variance = sum((_side(answer) - mean) ** 2 for answer in self.answers) / (n - 1)
        half = Z95 * math.sqrt(variance / n)
        return Interval(100 * max(-1.0, mean - half), 100 * min(1.0, mean + half))

    def hours_saved(self, minutes: float) -> float:
        """Of people who would have had to be talked to for so long."""
        return self.avoided * minutes / 60


def served(
    happenings: Iterable[Happening],
    *,
    survey: str = "",
    which: str = "",
    contacts: Collection[str] = (),
    self_service: Collection[str] = (),
) -> list[Served]:
    """Everybody with an event of these: `survey` with a score (of the survey `which`, if it is named), one that
    somebody was needed for, or one of helping oneself."""
    answers: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
    helped: dict[str, list[datetime]] = defaultdict(list)
    needed: dict[str, list[datetime]] = defaultdict(list)
    for one in happenings:
        if one.name == survey:
            if one.score is not None and which in ("", one.survey):
                answers[one.person].append((one.at, one.score))
        elif one.name in self_service:
            helped[one.person].append(one.at)
        elif one.name in contacts:
            needed[one.person].append(one.at)
    return [
        Served(answers.get(person, ()), helped.get(person, ()), needed.get(person, ()))
        for person in sorted(answers.keys() | helped.keys() | needed.keys())
    ]


def months(people: Iterable[Served], within: timedelta) -> list[Month]:
    """Every month in which something was, the oldest first. Who helped themselves and needed somebody `within` so long
    after it did not help themselves."""
    found: dict[str, Month] = {}

    def of(at: datetime) -> Month:
        name = at.strftime("%Y-%m")
        return found.setdefault(name, Month(name))

    for one in people:
        for at, answer in one.answers:
            of(at).answers.append(answer)
        contacts = sorted(one.contacts)
        for at in contacts:
            of(at).contacts += 1
        for at in one.helped_themselves:
            of(at).self_served += 1
            of(at).avoided += bisect_right(contacts, at + within) == bisect_right(contacts, at)
    return [found[name] for name in sorted(found)]


def _side(answer: float) -> int:
    return int(answer >= PROMOTER) - int(answer < PASSIVE)
