"""Joining against an awkward table: workers that die, cohorts that close midway, members somebody else took."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.journeys.domain.cohort import Slot
from services.journeys.domain.enrolment import Enrolment, Entrant, begin
from services.journeys.domain.moves import Memory
from services.journeys.domain.operating import Running
from services.journeys.domain.validation import read_document
from services.journeys.ports.definitions import Definition
from services.journeys.ports.walks import Boarding, Cohort, Refusal
from services.journeys.service.fill import PAGE, NoRoom
from services.journeys.service.join import Joining
from services.shared.clock import FixedClock
from services.shared.contracts.scoring import Standing
from tests.unit.journeys.documents import journey

NOW = datetime(1997, 1, 1, 12, 10, tzinfo=UTC)
DEFINITION = Definition(
    1,
    read_document(journey(entry={"on": [{"segment_entered": "trying"}], "reentry": "always"})),
    "",
    "arn",
    NOW,
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


class Runnings:
    """Everything runs."""

    def get(self, name: str) -> Running:
        return Running()

    def of(self, journey: str, objective: str) -> Running:
        return Running()

    def recent(self, journey: str, objective: str) -> Running:
        return Running()

    def change(self, name: str, how: Callable[[Running], Running]) -> Running:
        return how(Running())


class Executions:
    """Remembers what was started."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def start(self, state_machine_arn: str, name: str, data: Mapping[str, Any]) -> None:
        assert state_machine_arn == "arn"
        assert data["cohort"] == name
        self.started.append(name)


class Died(Exception):
    """A worker died."""


class Walks:
    """A runtime table in memory. `troubles` says what goes wrong at each boarding: the cohort closes before it, in its
    middle or after it; somebody else has just taken a profile; the worker dies in its middle or after it.

    A cohort that closes acts on those it sees: who is listed and has a walk in it.
    """

    def __init__(self, troubles: Iterable[str] = ()) -> None:
        self.walks: dict[str, Enrolment] = {}
        self.cohorts: dict[str, Cohort] = {}
        self.listed: dict[str, list[str]] = {}
        self.aboard: set[tuple[str, str]] = set()
        self.acted: dict[str, int] = {}
        self.troubles = list(troubles)

    def find(self, refs: Iterable[str], journey: str, *, stale: bool = False) -> dict[str, Enrolment]:
        return {p: self.walks[p] for p in refs if p in self.walks}

    def arrive(self, key: str, node: str, since: datetime, due: datetime, *, stands: bool = False) -> None:
        self.close(key)

    def finish(self, key: str) -> None:
        self.close(key)

    def of_profile(self, profile_id: str, journey: str = "") -> list[Enrolment]:
        return [w for w in self.walks.values() if w.profile_id == profile_id]

    def cohort(self, key: str) -> Cohort | None:
        return self.cohorts.get(key)

    def open_cohort(self, slot: Slot, journey: str, version: int, now: datetime) -> Cohort:
        return self.cohorts.setdefault(slot.key, Cohort(slot, False, "open", slot.node, slot.at, slot.due))

    def mark_started(self, key: str) -> None:
        self.cohorts[key] = replace(self.cohorts[key], started=True)

    def close(self, key: str) -> None:
        if not self.cohorts[key].open:
            return
        self.cohorts[key] = replace(self.cohorts[key], state="closed")
        for profile_id in self.listed.get(key, []):
            walk = self.walks.get(profile_id)
            if walk and walk.cohort == key and not walk.requested:
                self.walks[profile_id] = replace(walk, requested={"thank-you": NOW}, acted=key)
                self.acted[profile_id] = self.acted.get(profile_id, 0) + 1

    def pages(self, key: str, after: str | None) -> Iterator[tuple[str, list[str]]]:
        yield "only", self.listed.get(key, [])

    def begin(self, slot: Slot, walks: Sequence[tuple[Enrolment, Enrolment | None]]) -> Boarding:
        pairs = {walk.profile_id: (walk, last) for walk, last in walks}

        def write(profile_id: str, page: str) -> bool:
            walk, last = pairs[profile_id]
            there = self.walks.get(profile_id)
            if there and (there.cohort, there.page, there.number) == (slot.key, page, walk.number):
                return True
            if there != last:
                return False
            self.walks[profile_id] = replace(walk, cohort=slot.key, page=page)
            return True

        return self._board(slot, list(pairs), write)

    def move(self, slot: Slot, journey: str, source: str, members: Mapping[str, Memory | None]) -> Boarding:
        return Boarding(list(members), {}, closed=False)

    def refuse(self, refusal: Refusal, reason_version: int, now: datetime) -> None:
        raise AssertionError(refusal)

    def turn_away(self, walk: Enrolment, version: int, at: datetime) -> None:
        raise AssertionError(walk)

    def migrate(
        self, slot: Slot, journey: str, source: str, refs: Sequence[str], version: int, at: datetime
    ) -> Boarding:
        return Boarding(refs, {}, closed=False)

    def catch_up(self, slot: Slot, journey: str, missed: Slot, refs: Sequence[str]) -> Boarding:
        def write(profile_id: str, page: str) -> bool:
            there = self.walks[profile_id]
            if there.cohort != missed.key or there.requested:
                return False
            self.walks[profile_id] = replace(there, cohort=slot.key, page=page)
            return True

        return self._board(slot, list(refs), write)

    def was_aboard(self, walk: Enrolment) -> bool:
        return (walk.cohort, walk.page) in self.aboard

    def _board(self, slot: Slot, profile_ids: list[str], write: Callable[[str, str], bool]) -> Boarding:
        assert 0 < len(profile_ids) <= PAGE
        trouble = self.troubles.pop(0) if self.troubles else ""
        page = f"{profile_ids[0]}..{len(profile_ids)}"
        if trouble == "closes before":
            self.close(slot.key)
        if trouble == "taken" and profile_ids[0] not in self.walks:
            walk = begin_walk(profile_ids[0])
            self.walks[profile_ids[0]] = replace(walk, cohort="elsewhere", requested={"thank-you": NOW})
        self.listed.setdefault(slot.key, []).extend(profile_ids)
        aboard = []
        for number, profile_id in enumerate(profile_ids):
            if number == len(profile_ids) // 2:
                self._happens(trouble, "in the middle", slot)
            if write(profile_id, page):
                aboard.append(profile_id)
        self._happens(trouble, "after it", slot)
        closed = not self.cohorts[slot.key].open
        if aboard and not closed:
            self.aboard.add((slot.key, page))
        in_the_way = {p: self.walks.get(p) for p in profile_ids if p not in aboard}
        return Boarding(aboard, in_the_way, closed=closed and bool(aboard))

    def _happens(self, trouble: str, moment: str, slot: Slot) -> None:
        if trouble == f"closes {moment}":
            self.close(slot.key)
        if trouble == f"dies {moment}":
            raise Died

    def request(self, walks: Iterable[Enrolment], node: str, at: datetime, exit_reason: str) -> int:
        return 0

    def end(self, walks: Iterable[Enrolment], at: datetime, reason: str) -> int:
        return 0

    def stop(self, walks: Iterable[tuple[Enrolment, str]], at: datetime) -> int:
        return 0


def begin_walk(profile_id: str) -> Enrolment:
    entrant = Entrant(profile_id, NOW, Standing(profile_id=profile_id, version=1, at=NOW))
    return begin(entrant, DEFINITION.document, 1, NOW, None)


def entrants(count: int, version: int = 1) -> list[Entrant]:
    return [
        Entrant(f"p{i:03d}", NOW, Standing(profile_id=f"p{i:03d}", version=version, at=NOW))
        for i in range(count)
    ]


def joining(walks: Walks) -> tuple[Joining, Executions]:
    executions = Executions()
    return Joining(Definitions(), walks, executions, Runnings(), FixedClock(NOW)), executions


WRONG = (
    "",
    "taken",
    "closes before",
    "closes in the middle",
    "closes after it",
    "dies in the middle",
    "dies after it",
)
troubles = st.lists(st.sampled_from(WRONG), max_size=12)


@settings(max_examples=200)
@given(troubles, st.integers(1, 250), st.booleans())
def test_every_cohort_acts_once_on_everybody_whatever_happens(
    wrong: list[str], count: int, closes_later: bool
) -> None:
    """F1, F5: the batch is delivered again until a worker survives it; maybe the cohorts have closed by then."""
    walks = Walks(wrong)
    use_case, executions = joining(walks)
    while True:
        try:
            use_case.enter(DEFINITION, entrants(count))
            break
        except Died:
            for key in list(walks.cohorts) if closes_later else ():
                walks.close(key)
    assert set(walks.walks) == {e.profile_id for e in entrants(count)}
    open_cohorts = {key for key, cohort in walks.cohorts.items() if cohort.open}
    assert {w.cohort for w in walks.walks.values()} & open_cohorts <= set(executions.started)
    before = dict(walks.walks)
    walks.troubles = []
    assert use_case.enter(DEFINITION, entrants(count)) == 0
    assert walks.walks == before
    for key in list(walks.cohorts):
        walks.close(key)
    assert all(walk.requested for walk in walks.walks.values())
    assert max(walks.acted.values(), default=1) == 1


def test_cohorts_that_keep_closing_are_an_error_too() -> None:
    use_case, _ = joining(Walks(["closes before"] * 1_000))
    with pytest.raises(NoRoom):
        use_case.enter(DEFINITION, entrants(3))


def test_somebody_whose_walk_ended_begins_another_beside_newcomers() -> None:
    walks = Walks()
    use_case, _ = joining(walks)
    use_case.enter(DEFINITION, entrants(1))
    walks.walks["p000"] = replace(walks.walks["p000"], status="exited")
    assert use_case.enter(DEFINITION, entrants(2, version=2)) == 2
    assert {p: w.number for p, w in walks.walks.items()} == {"p000": 2, "p001": 1}
