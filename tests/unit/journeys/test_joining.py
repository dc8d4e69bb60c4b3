"""Joining against an awkward table: conflicts, cohorts that close midway, members somebody else took."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.journeys.domain.cohort import Slot
from services.journeys.domain.enrolment import Enrolment, Entrant
from services.journeys.domain.validation import read_document
from services.journeys.ports import Cohort, Definition, Moved, Refused
from services.journeys.service.join import PAGE, Joining, NoRoom
from services.shared.clock import FixedClock
from services.shared.contracts.scoring import Standing
from tests.unit.journeys.documents import journey

NOW = datetime(1997, 1, 1, 12, 10, tzinfo=UTC)
DEFINITION = Definition(
    1, read_document(journey(entry={"segment_entered": "trying", "reentry": "always"})), "", "arn", NOW
)


class Definitions:
    """The one definition."""

    def all(self) -> Sequence[Definition]:
        return [DEFINITION]

    def versions(self, journey: str) -> list[Definition]:
        return [DEFINITION]

    def get(self, journey: str, version: int) -> Definition:
        return DEFINITION

    def add(self, definition: Definition) -> bool:
        return False


class Executions:
    """Remembers what was started."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def start(self, state_machine_arn: str, name: str, data: Mapping[str, Any]) -> None:
        assert state_machine_arn == "arn"
        assert data["cohort"] == name
        self.started.append(name)


class Walks:
    """A runtime table in memory. `troubles` says what goes wrong at each transaction: nothing, conflict, close, or a
    profile that somebody else has taken just before."""

    def __init__(self, troubles: Iterable[str] = ()) -> None:
        self.walks: dict[str, Enrolment] = {}
        self.cohorts: dict[str, Cohort] = {}
        self.members: dict[str, list[str]] = {}
        self.troubles = list(troubles)

    def find(self, profile_ids: Iterable[str], journey: str, *, stale: bool = False) -> dict[str, Enrolment]:
        return {p: self.walks[p] for p in profile_ids if p in self.walks}

    def of_profile(self, profile_id: str) -> list[Enrolment]:
        return [w for w in self.walks.values() if w.profile_id == profile_id]

    def cohort(self, key: str) -> Cohort | None:
        return self.cohorts.get(key)

    def open_cohort(self, slot: Slot, journey: str, version: int, now: datetime) -> Cohort:
        return self.cohorts.setdefault(slot.key, Cohort(slot, open=True, started=False))

    def mark_started(self, key: str) -> None:
        self.cohorts[key] = replace(self.cohorts[key], started=True)

    def close(self, key: str) -> None:
        self.cohorts[key] = replace(self.cohorts[key], open=False)

    def pages(self, key: str, after: str | None) -> Iterator[tuple[str, list[str]]]:
        yield "only", self.members.get(key, [])

    def begin(self, slot: Slot, walks: Sequence[tuple[Enrolment, Enrolment | None]]) -> Moved | Refused:
        assert 0 < len(walks) <= PAGE
        trouble = self.troubles.pop(0) if self.troubles else ""
        if trouble == "conflict":
            return Refused(closed=False, in_the_way={})
        if trouble == "close":
            self.close(slot.key)
        if trouble == "taken":
            self.walks[walks[0][0].profile_id] = replace(walks[0][0], cohort="elsewhere")
        in_the_way = {
            w.profile_id: self.walks.get(w.profile_id)
            for w, last in walks
            if self.walks.get(w.profile_id) != last
        }
        if in_the_way or not self.cohorts[slot.key].open:
            return Refused(closed=not self.cohorts[slot.key].open, in_the_way=in_the_way)
        for walk, _ in walks:
            self.walks[walk.profile_id] = replace(walk, cohort=slot.key)
            self.members.setdefault(slot.key, []).append(walk.profile_id)
        return Moved()

    def move(self, slot: Slot, journey: str, source: str, profile_ids: Sequence[str]) -> Moved | Refused:
        return Moved()

    def request(self, walks: Iterable[Enrolment], node: str, at: datetime, exit_reason: str) -> int:
        return 0

    def end(self, walks: Iterable[Enrolment], at: datetime, reason: str) -> int:
        return 0

    def stop(self, walks: Iterable[tuple[Enrolment, str]], at: datetime) -> int:
        return 0


def entrants(count: int, version: int = 1) -> list[Entrant]:
    return [
        Entrant(f"p{i:03d}", NOW, Standing(profile_id=f"p{i:03d}", version=version, at=NOW))
        for i in range(count)
    ]


def joining(walks: Walks) -> tuple[Joining, Executions]:
    executions = Executions()
    return Joining(Definitions(), walks, executions, FixedClock(NOW)), executions


troubles = st.lists(st.sampled_from(["", "conflict", "close", "taken"]), max_size=12)


@settings(max_examples=50, deadline=None)
@given(troubles, st.integers(1, 250))
def test_everybody_is_in_exactly_one_started_cohort_whatever_happens(wrong: list[str], count: int) -> None:
    walks = Walks(wrong)
    use_case, executions = joining(walks)
    use_case.enter(DEFINITION, entrants(count))
    placed = [p for members in walks.members.values() for p in members]
    elsewhere = [p for p, walk in walks.walks.items() if walk.cohort == "elsewhere"]
    assert sorted(placed + elsewhere) == [e.profile_id for e in entrants(count)]
    assert {key for key, members in walks.members.items() if members} <= set(executions.started)
    assert len(executions.started) == len(set(executions.started))
    before = dict(walks.walks)
    walks.troubles = []
    assert use_case.enter(DEFINITION, entrants(count)) == 0
    assert walks.walks == before


def test_endless_conflict_is_an_error_that_retries_the_batch() -> None:
    use_case, executions = joining(Walks(["conflict"] * 1_000))
    with pytest.raises(NoRoom):
        use_case.enter(DEFINITION, entrants(3))
    assert executions.started == []


def test_cohorts_that_keep_closing_are_an_error_too() -> None:
    use_case, _ = joining(Walks(["close"] * 1_000))
    with pytest.raises(NoRoom):
        use_case.enter(DEFINITION, entrants(3))


def test_somebody_whose_walk_ended_begins_another_beside_newcomers() -> None:
    walks = Walks()
    use_case, _ = joining(walks)
    use_case.enter(DEFINITION, entrants(1))
    walks.walks["p000"] = replace(walks.walks["p000"], status="exited")
    assert use_case.enter(DEFINITION, entrants(2, version=2)) == 2
    assert {p: w.number for p, w in walks.walks.items()} == {"p000": 2, "p001": 1}
