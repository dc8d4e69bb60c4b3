"""Random streams of what scoring tells of people, for a journey. The same seed gives the same again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from services.journeys.domain.document import Document
from services.journeys.domain.listening import needs_of
from services.shared.contracts.base import Fact
from services.shared.contracts.journeys import Listener
from services.shared.contracts.scoring import (
    Carried,
    EventHeard,
    Heard,
    ScoreChange,
    ScoreChanged,
    SegmentEntered,
    SegmentExited,
    SegmentMove,
    StageChanged,
    StageMove,
    Standing,
    TraitsCarried,
)
from tests.support.random_journeys import STAGES, ZONES

BEGIN = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)
"""Two days before the clocks change in Europe."""

Told = tuple[datetime, Fact]


@dataclass
class _Person:
    profile: str
    version: int = 0
    traits_version: int = 0
    orders: int = 0
    stage: str = "new"
    segments: set[str] = field(default_factory=set)


def random_stream(
    document: Document, seed: int, *, people: int = 4, facts: int = 40, days: int = 20
) -> list[Told]:
    """What scoring might tell of some people, in time order, on whole minutes; often several facts of one moment (of
    different people: facts come in any order), and sometimes nothing for days."""
    random = Random(seed)
    crowd = _Crowd(document, random)
    persons = [_Person(f"prf_{number}") for number in range(people)]
    minute, told, busy = 0, list[Told](), set[str]()
    for _ in range(facts):
        person = random.choice(persons)
        step = random.choice([0, 0, 1, 17, 60, 600, 60 * 24 * days // max(facts, 1) * 2])
        if step or person.profile in busy:
            minute, busy = minute + max(step, 1), set()
        busy.add(person.profile)
        now = BEGIN + timedelta(minutes=minute)
        told += [(now, fact) for fact in crowd.something(person, now)]
    return told


def told_again(stream: Sequence[Told], seed: int) -> list[Told]:
    """A stream in which some facts are told once more, at once or days later, as queues do."""
    random, again = Random(seed), list[Told]()
    for now, fact in stream:
        if random.random() < 0.3:
            later = timedelta(minutes=random.choice([0, 1, 30, 60 * 24, 60 * 24 * 6]))
            again.append((now + later, fact))
    return sorted([*stream, *again], key=lambda told: told[0])


class _Crowd:
    """Scoring, as far as a journey can tell."""

    def __init__(self, document: Document, random: Random) -> None:
        watches, listeners, self._carried = needs_of([document])
        self._random = random
        self._segments = ["in", "vip", *(watch.name for watch in watches)]
        self._listeners = listeners
        self._stages = document.stages is not None

    def something(self, person: _Person, now: datetime) -> list[Fact]:
        """One thing that happens to a person."""
        happenings = [self._segment, self._segment, self._order]
        happenings += [self._event] * (3 if self._listeners else 0)
        happenings += [self._trait] * bool(self._carried) + [self._stage] * self._stages
        person.version += 1
        return self._random.choice(happenings)(person, now)

    def _segment(self, person: _Person, now: datetime) -> list[Fact]:
        segment = self._random.choice(self._segments)
        person.segments ^= {segment}
        move = SegmentMove(segment=segment, at=now, standing=_standing(person, now))
        if segment in person.segments:
            return [SegmentEntered(moves=[move])]
        return [SegmentExited(moves=[move])]

    def _order(self, person: _Person, now: datetime) -> list[Fact]:
        person.orders += 1
        return [ScoreChanged(changes=[ScoreChange(standing=_standing(person, now))])]

    def _event(self, person: _Person, now: datetime) -> list[Fact]:
        listener = self._random.choice(self._listeners)
        properties = {"amount": self._random.randint(1, 9), "score": self._random.randint(0, 10)}
        heard = [
            self._heard(one, properties, person, now)
            for one in self._listeners
            if one.event == listener.event
        ]
        return [EventHeard(heard=heard)]

    def _heard(self, listener: Listener, properties: dict[str, Any], person: _Person, now: datetime) -> Heard:
        return Heard(
            listener=listener.name,
            message_id=f"{person.profile}-{person.version}",
            key=str(person.version % 2) if listener.key else "",
            kept={name: properties[name] for name in listener.keep if name in properties},
            at=now,
            standing=_standing(person, now),
        )

    def _trait(self, person: _Person, now: datetime) -> list[Fact]:
        person.traits_version += 1
        day = now.date() + timedelta(days=self._random.randint(-2, 9))
        traits = {"timezone": self._random.choice(ZONES)}
        if self._random.random() < 0.8:
            traits["day"] = day.isoformat()
        carried = Carried(profile_id=person.profile, version=person.traits_version, traits=traits)
        return [TraitsCarried(carried=[carried])]

    def _stage(self, person: _Person, now: datetime) -> list[Fact]:
        before, person.stage = person.stage, self._random.choice(STAGES)
        move = StageMove(
            lifecycle="life", before=before, after=person.stage, at=now, standing=_standing(person, now)
        )
        return [StageChanged(moves=[move])] if before != person.stage else []


def _standing(person: _Person, now: datetime) -> Standing:
    return Standing(
        profile_id=person.profile,
        version=person.version,
        at=now,
        facts={"orders": person.orders},
        segments=sorted(person.segments),
        stages={"life": {"": person.stage}},
    )
