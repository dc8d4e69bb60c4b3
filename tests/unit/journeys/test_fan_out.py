"""The fan-out's protocol against a model of its stores: exactly once each, whatever dies when."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.journeys.domain.campaign import SENDS_AT, Campaign, read_campaign
from services.journeys.domain.enrolment import Entrant
from services.journeys.domain.runs import Outcomes, Portion, Run, first_state, onward
from services.journeys.ports.planning import Chore
from services.journeys.service.enter import Came
from services.journeys.service.fan_out import FanOut
from services.journeys.service.stores import Stores
from services.shared.clock import FixedClock
from services.shared.contracts.audience import MOST, PARTS, AudienceAnswer, Present
from services.shared.contracts.scoring import Standing
from tests.integration.journeys.crowd import campaign
from tests.support.thorough import EXHAUSTIVE

NOON = datetime(1997, 1, 1, 12, tzinfo=UTC)


class Death(Exception):
    """A worker dies."""


@dataclass
class Model:
    """All stores of a fan-out. Before and after each write a worker may die."""

    run: Run
    parts: Sequence[Sequence[str]]
    dies: Callable[[], bool]
    page: int = MOST
    stored: dict[tuple[str, int], Portion] = field(default_factory=dict)
    begun: Counter[str] = field(default_factory=Counter)
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    at: dict[str, datetime] = field(default_factory=dict)

    def _mortal(self, write: Callable[[], Any]) -> Any:
        if self.dies():
            raise Death
        result = write()
        if self.dies():
            raise Death
        return result

    # Definitions, Halts, Standings

    def of(self, *_: Any) -> str:
        return ""

    def keep(self, standings: Iterable[Standing]) -> dict[str, Standing]:
        return {one.profile_id: one for one in standings}

    # Runs

    def get(self, journey: str, key: Any) -> Any:
        return self.run if isinstance(key, str) else _Definition()

    def portions(self, run: Run) -> list[Portion]:
        return [self.stored.get((run.state, n), Portion(n)) for n in range(PARTS)]

    def advance(self, run: Run, portion: Portion) -> bool:
        def write() -> bool:
            before = self.stored.get((run.state, portion.number), Portion(portion.number))
            if before.revision != portion.revision - 1:
                return False
            self.stored[run.state, portion.number] = portion
            return True

        return cast("bool", self._mortal(write))

    # Audiences

    def members(self, segment: str, part: int, after: str) -> AudienceAnswer:
        people = self.parts[part]
        first = 0 if not after else _behind(people, after)
        found = people[first : first + self.page]
        more = first + self.page < len(people)
        return AudienceAnswer(
            people=[Present(standing=_standing(p)) for p in found], after=found[-1] if more else ""
        )

    def people(self, profile_ids: Collection[str]) -> list[Standing]:
        return [_standing(p) for p in profile_ids]

    # Entering, Walks

    def enter(self, definition: Any, entrants: Sequence[Entrant]) -> Came:
        came = 0
        for one in entrants:
            if self.at.get(one.ref) == one.at:
                continue
            self._mortal(lambda one=one: self._begin(one))
            came += 1
        return Came(came, 0, 0)

    def _begin(self, entrant: Entrant) -> None:
        self.begun[entrant.profile_id] += 1
        self.at[entrant.ref] = entrant.at
        self.kept[entrant.profile_id] = dict(entrant.kept)

    def find(self, refs: Iterable[str], journey: str) -> dict[str, Any]:
        return {ref: _Walk(self.at[ref]) for ref in refs if ref in self.at}


@dataclass(frozen=True)
class _Walk:
    reason_at: datetime


class _Definition:
    journey = "spring"
    document = read_campaign(campaign())


def _standing(profile: str) -> Standing:
    return Standing.model_construct(profile_id=profile, version=1, at=NOON, segments=["customers"])


def _behind(people: Sequence[str], after: str) -> int:
    return bisect_right(people, after)


def crowd(size: int) -> list[list[str]]:
    return [[f"p{n:06}" for n in range(part, size, PARTS)] for part in range(PARTS)]


def run_of(planned: Campaign) -> Run:
    local = NOON.replace(tzinfo=None)
    return Run(
        journey="spring",
        run_id="c-1",
        version=1,
        segment="customers",
        at=NOON,
        state=first_state(planned),
        local=local,
        campaign=planned,
        turns_from=local if planned.has_turns else None,
    )


def fan_out(model: Model, clock: FixedClock) -> FanOut:
    any_: Any = model
    return FanOut(Stores(any_, any_, any_, any_, clock), any_, any_, any_, any_)


def finish(model: Model, clock: FixedClock, pick: Callable[[list[int]], int], pages: int = 10**6) -> None:
    """Let workers have any part in any order until all are through; who dies is called again."""
    work = fan_out(model, clock)
    while left := [one.number for one in model.portions(model.run) if not one.finished]:
        budget = iter(range(pages))
        chore = Chore(journey="spring", run_id="c-1", part=pick(left))
        try:
            work.work(chore, lambda budget=budget: next(budget, None) is not None)
        except Death:
            continue


def settle(model: Model, clock: FixedClock, pick: Callable[[list[int]], int]) -> None:
    """Both phases of a run."""
    while model.run.state not in ("done", "halted"):
        if model.run.at_work:
            finish(model, clock, pick, pages=2)
        model.run = onward(model.run, model.portions(model.run), Outcomes(), clock.now())
        if model.run.until and model.run.state == "watching":
            clock.advance(max(model.run.until - clock.now(), timedelta(0)))


@pytest.mark.capability("002-10")
def test_a_crowd_comes_in_exactly_once_though_workers_die_everywhere() -> None:
    """F8: workers die before or after one write in a hundred, and take up each other's parts in any order. The sweep
    has a hundred thousand people; a tenth of them come here, on as many pages."""
    chance = random.Random(5)
    size, page = (100_000, MOST) if EXHAUSTIVE else (10_000, MOST // 10)
    model = Model(
        run_of(read_campaign(campaign())), crowd(size), dies=lambda: chance.random() < 0.005, page=page
    )

    settle(model, FixedClock(NOON), chance.choice)

    assert set(model.begun.values()) == {1}
    assert len(model.begun) == size
    assert sum(one.entered for one in model.stored.values()) == size
    assert sum(one.taken for one in model.stored.values()) == size


@settings(max_examples=60)
@given(
    size=st.integers(0, 120),
    page=st.integers(1, 9),
    percent=st.sampled_from([None, 10, 50, 99]),
    throughput=st.sampled_from([None, 1, 7, 100]),
    seed=st.integers(0, 10**6),
)
def test_whatever_dies_everybody_comes_in_once_and_has_a_turn(
    size: int, page: int, percent: float | None, throughput: int | None, seed: int
) -> None:
    chance = random.Random(seed)
    canary = {"canary": {"percent": percent, "wait": "PT1H"}} if percent else {}
    turns = {"throughput": throughput} if throughput else {}
    planned = read_campaign(campaign(**canary, **turns))
    model = Model(run_of(planned), crowd(size), dies=lambda: chance.random() < 0.1, page=page)

    settle(model, FixedClock(NOON), chance.choice)

    assert model.begun == Counter(p for part in model.parts for p in part)
    assert sum(one.entered for one in model.stored.values()) == size
    if throughput:
        by_minute = Counter(kept[SENDS_AT] for kept in model.kept.values())
        assert max(by_minute.values(), default=0) <= throughput


def test_the_same_page_taken_up_again_has_the_same_turns() -> None:
    planned = read_campaign(campaign(throughput=3))
    alive = Model(run_of(planned), crowd(100), dies=lambda: False)
    settle(alive, FixedClock(NOON), min)
    chance = random.Random(1)
    dying = Model(run_of(planned), crowd(100), dies=lambda: chance.random() < 0.2)
    settle(dying, FixedClock(NOON), min)

    assert dying.kept == alive.kept


def test_who_was_late_does_not_come_all_at_once() -> None:
    """Turns that are past are put off, minute by minute, not made up for."""
    planned = read_campaign(campaign(throughput=8))
    model = Model(run_of(planned), crowd(80), dies=lambda: False)
    settle(model, FixedClock(NOON + timedelta(hours=3)), min)

    turns = [datetime.fromisoformat(kept[SENDS_AT]) for kept in model.kept.values()]
    assert min(turns) >= NOON.replace(tzinfo=None) + timedelta(hours=3)
    assert Counter(Counter(turns).values()) == {8: 10}


def test_a_canary_of_each_own_zone_is_followed_a_whole_number_of_days_later() -> None:
    """The others are met at the same hour, after the last zone has had the canary's and the wait is over."""
    planned = read_campaign(
        campaign(
            canary={"percent": 30, "wait": "PT2H"}, schedule={"start": "1997-01-01T12:00", "zone": "person"}
        )
    )
    model = Model(run_of(planned), crowd(50), dies=lambda: False)
    settle(model, FixedClock(NOON), min)

    assert {one[SENDS_AT] for one in model.kept.values()} == {"1997-01-01T12:00", "1997-01-03T12:00"}


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        (Outcomes(0, 0, 0), "watching"),
        (Outcomes(1000, 50, 1), "watching"),
        (Outcomes(1000, 51, 0), "halted"),
        (Outcomes(1000, 0, 2), "halted"),
    ],
)
def test_the_limits_of_a_canary_are_percentages_of_what_was_sent(outcomes: Outcomes, state: str) -> None:
    planned = read_campaign(campaign(canary={"percent": 10, "wait": "PT1H"}))
    run = replace(run_of(planned), state="watching", until=NOON + timedelta(hours=1))

    assert onward(run, [], outcomes, NOON).state == state
