"""Pauses on the engine: timers stand still, nobody is met, nobody is lost, however cohorts and workers cross."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.journeys.adapters.live_cohorts import DynamoLiveCohorts
from services.journeys.adapters.machines import StepFunctionsExecutions
from services.journeys.adapters.walks import DynamoWalks
from services.journeys.bootstrap import walking as bootstrap
from tests.integration.journeys.desk import Desk
from tests.integration.journeys.world import NOON, World, entered, iso, rows_of
from tests.unit.journeys.documents import journey

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def document(**changes: Any) -> dict[str, Any]:
    """Two days after entering, `hello`; nothing else."""
    nodes = {
        "wait": {"type": "wait", "for": "P2D", "next": "hello"},
        "hello": {"type": "send", "template": "hello", "channels": ["email"], "next": "completed"},
        "completed": {"type": "exit", "reason": "completed"},
    }
    return journey(**{"start": "wait", "nodes": nodes, "admission": "PT1H", **changes})


def people(count: int) -> list[str]:
    return [f"prf_{i:04d}" for i in range(count)]


def asked(world: World) -> list[tuple[str, str]]:
    rows = rows_of(world.published(), "MessageRequested.v1")
    return sorted((row["profile_id"], row["requested_at"]) for row in rows)


def enter(world: World, *profiles: str) -> None:
    assert world.facts(entered("trying", *profiles)) == []


@pytest.mark.capability("000-26")
def test_a_wait_does_not_run_while_its_journey_is_paused(world: World, desk: Desk) -> None:
    world.publish(document())
    enter(world, "prf_1", "prf_2")
    world.run_until(NOON + DAY)
    assert desk.done("POST", "/journeys/trial/pause")["paused"] is True
    world.run_until(NOON + 5 * DAY)
    assert asked(world) == []
    assert [one["state"] for one in world.cohorts().values()] == ["parked"]
    desk.done("POST", "/journeys/trial/resume")
    world.run_until(NOON + 6 * DAY - HOUR)
    assert asked(world) == []
    world.run_until(NOON + 6 * DAY + HOUR)
    assert [profile for profile, _ in asked(world)] == ["prf_1", "prf_2"]
    (resumed,) = [name for name in world.started() if name.endswith("-r1")]
    assert {e.name: e.status for e in world.executions.values()}[resumed] == "SUCCEEDED"


def test_a_pause_that_is_over_before_the_wait_is_lengthens_it_all_the_same(world: World, desk: Desk) -> None:
    world.publish(document())
    enter(world, "prf_1")
    world.run_until(NOON + HOUR)
    desk.done("POST", "/journeys/trial/pause")
    world.run_until(NOON + 7 * HOUR)
    desk.done("POST", "/journeys/trial/resume")
    world.run_until(NOON + 2 * DAY + 5 * HOUR)
    assert asked(world) == []
    world.run_until(NOON + 2 * DAY + 7 * HOUR)
    assert len(asked(world)) == 1
    assert len(world.started()) == 1


def test_who_comes_out_of_a_pause_at_night_waits_for_the_doors_to_open(world: World, desk: Desk) -> None:
    """F34: the time that they waited for was in the pause."""
    hours = {"type": "wait_until", "hours": {"from": "09:00", "to": "17:00"}, "zone": "UTC", "next": "hello"}
    world.publish(document(nodes={**document()["nodes"], "wait": hours}, admission="PT0S"))
    world.clock.advance(8 * HOUR)
    enter(world, "prf_1")
    world.run_until(NOON + 9 * HOUR)
    desk.done("POST", "/journeys/trial/pause")
    world.run_until(NOON + DAY + 9 * HOUR)
    desk.done("POST", "/journeys/trial/resume")
    world.run_until(NOON + 3 * DAY)
    assert asked(world) == [("prf_1", iso(NOON + DAY + 21 * HOUR))]


@pytest.mark.parametrize("objective", ["", "welcome"])
@pytest.mark.capability("000-26")
def test_everything_or_an_objective_is_paused_with_one_write(
    world: World, desk: Desk, objective: str
) -> None:
    world.publish(document(objective="welcome"))
    world.publish(document(name="other", objective="loyalty"))
    enter(world, "prf_1")
    wish = {"objective": objective} if objective else {}
    desk.done("POST", "/portfolio/pause", wish)
    world.run_until(NOON + 3 * DAY)
    held = {one["journey"] for one in world.cohorts().values() if one["state"] == "parked"}
    assert held == ({"trial"} if objective else {"trial", "other"})
    desk.done("POST", "/portfolio/resume", wish)
    world.run_until(NOON + 6 * DAY)
    assert len(asked(world)) == 2
    assert desk.done("GET", "/portfolio/pauses")["all"]["paused"] is False
    assert desk.ask("POST", "/portfolio/pause", {"objective": "none"})[0] == 400


def test_a_journey_stands_still_until_every_pause_is_over(world: World, desk: Desk) -> None:
    world.publish(document())
    enter(world, "prf_1")
    desk.done("POST", "/journeys/trial/pause")
    desk.done("POST", "/portfolio/pause")
    world.run_until(NOON + 3 * DAY)
    desk.done("POST", "/portfolio/resume")
    world.run_until(NOON + 4 * DAY)
    assert [one["state"] for one in world.cohorts().values()] == ["parked"]
    desk.done("POST", "/journeys/trial/resume")
    world.run_until(NOON + 7 * DAY)
    assert len(asked(world)) == 1


@pytest.mark.capability("000-26")
def test_a_pause_stops_a_step_between_two_pages(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5: 250 people are three pages; after the first one somebody pauses, and the others are asked for when it is
    over, each once."""
    world.publish(document())
    enter(world, *people(250))
    request, pages = DynamoWalks.request, []

    def pausing(self: DynamoWalks, requests: Any, at: datetime) -> int:
        done = request(self, requests, at)
        pages.append(done)
        if len(pages) == 1:
            desk.done("POST", "/journeys/trial/pause")
        return done

    monkeypatch.setattr(DynamoWalks, "request", pausing)
    world.run_until(NOON + 3 * DAY)
    first = len(asked(world))
    assert first == pages[0] < 100
    desk.done("POST", "/journeys/trial/resume")
    world.run_until(NOON + 4 * DAY)
    assert first + len(asked(world)) == sum(pages) == 250
    assert {walk["status"] for (_, sk), walk in world.items().items() if sk == "E#trial"} == {"exited"}


@pytest.mark.capability("000-26")
def test_a_pause_that_drops_lets_people_go_on_unmet_and_nobody_in(world: World, desk: Desk) -> None:
    world.publish(document())
    enter(world, "prf_1")
    world.run_until(NOON + DAY)
    desk.done("POST", "/journeys/trial/pause", {"policy": "drop"})
    bootstrap.reacting.cache_clear()  # entries look a few seconds back
    enter(world, "prf_late")
    world.run_until(NOON + 3 * DAY)
    entries = world.published()
    assert rows_of(entries, "MessageRequested.v1") == []
    assert [row["profile_id"] for row in rows_of(entries, "JourneyExited.v1")] == ["prf_1"]
    assert [(r["profile_id"], r["reason"]) for r in rows_of(entries, "EntryRefused.v1")] == [
        ("prf_late", "paused")
    ]
    desk.done("POST", "/journeys/trial/resume")
    bootstrap.reacting.cache_clear()
    enter(world, "prf_2")
    world.run_until(NOON + 6 * DAY)
    assert [profile for profile, _ in asked(world)] == ["prf_2"]


def test_the_other_policy_takes_over(world: World, desk: Desk) -> None:
    world.publish(document())
    desk.done("POST", "/journeys/trial/pause", {"policy": "drop"})
    world.clock.advance(HOUR)
    pauses = desk.done("POST", "/journeys/trial/pause", {"policy": "hold"})["pauses"]
    assert [(one["policy"], one["to"] is None) for one in pauses] == [("drop", False), ("hold", True)]
    assert desk.done("POST", "/journeys/trial/pause", {"policy": "hold"})["pauses"] == pauses
    assert desk.ask("POST", "/journeys/trial/pause", {"policy": "later"})[0] == 400
    assert desk.ask("POST", "/journeys/nowhere/pause")[0] == 404


def test_who_enters_in_a_pause_that_holds_waits_with_the_others(world: World, desk: Desk) -> None:
    world.publish(document())
    desk.done("POST", "/journeys/trial/pause")
    enter(world, "prf_1")
    world.run_until(NOON + 10 * DAY)
    desk.done("POST", "/journeys/trial/resume")
    world.run_until(NOON + 12 * DAY - HOUR)
    assert asked(world) == []
    world.run_until(NOON + 12 * DAY + HOUR)
    assert len(asked(world)) == 1


def test_resuming_while_a_cohort_is_being_parked_loses_nobody(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5: the step has seen the pause; it is resumed, and all chores are done, before the step has parked."""
    world.publish(document())
    enter(world, "prf_1")
    world.run_until(NOON + 2 * DAY - HOUR)
    desk.done("POST", "/journeys/trial/pause")
    park, resumed = DynamoLiveCohorts.park, []

    def late(
        self: DynamoLiveCohorts,
        key: str,
        carried: Mapping[str, Any],
        due: datetime,
        *,
        standing: bool = False,
    ) -> bool:
        if not resumed:
            resumed.append(desk.done("POST", "/journeys/trial/resume"))
        return park(self, key, carried, due, standing=standing)

    monkeypatch.setattr(DynamoLiveCohorts, "park", late)
    world.run_until(NOON + 4 * DAY)
    assert resumed
    assert len(asked(world)) == 1


@pytest.mark.parametrize("before", ["start", "mark_started"])
def test_a_worker_that_dies_in_resuming_is_made_up_for(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    """F5: dead before the execution starts, or before that is noted; the queue delivers the chore again, or the sweep
    comes."""
    world.publish(document())
    enter(world, "prf_1")
    desk.done("POST", "/journeys/trial/pause")
    world.run_until(NOON + 3 * DAY)
    with monkeypatch.context() as broken:
        broken.setattr(StepFunctionsExecutions if before == "start" else DynamoWalks, before, _dies)
        assert desk.ask("POST", "/journeys/trial/resume")[0] == 200
        assert len(desk.do_chores()) == 1
    desk.sweep()
    world.run_until(NOON + 6 * DAY)
    assert len(asked(world)) == 1
    assert [name.endswith("-r1") for name in world.started()].count(True) == 1


def test_a_step_that_comes_again_when_its_cohort_is_parked_does_nothing(world: World, desk: Desk) -> None:
    """F1: the zombie wakes after the pause; the cohort goes on in the execution that it was given."""
    world.publish(document())
    enter(world, "prf_1")
    desk.done("POST", "/journeys/trial/pause")
    world.run_until(NOON + 3 * DAY)
    (cohort,) = world.cohorts()
    before = world.items()
    due = "1997-01-03T12:00:00.000Z"
    assert world.step(cohort, "hello", due=due, since="1997-01-01T12:00:00.000Z")["parked"] is True
    assert world.items() == before
    assert desk.ask("POST", "/journeys/trial/resume")[0] == 200
    assert world.step(cohort, "hello", due=due, since=due)["parked"] is True
    assert [name.endswith("-r1") for name in world.started()].count(True) == 1
    desk.do_chores()
    world.run_until(NOON + 6 * DAY)
    assert len(asked(world)) == 1


def test_a_pause_of_half_a_year_within_a_wait_does_not_bring_an_execution_to_its_limit(
    world: World, desk: Desk
) -> None:
    waits = {"wait": {"type": "wait", "for": "P250D", "next": "hello"}}
    world.publish(document(nodes={**document()["nodes"], **waits}))
    enter(world, "prf_1")
    world.run_until(NOON + 10 * DAY)
    desk.done("POST", "/journeys/trial/pause")
    world.run_until(NOON + 190 * DAY)
    desk.done("POST", "/journeys/trial/resume")
    world.run_until(NOON + 251 * DAY)
    (cohort,) = world.cohorts().values()
    assert cohort["state"] == "parked"
    assert {e.status for e in world.executions.values()} == {"SUCCEEDED"}
    for day in (380, 405, 429):
        world.run_until(NOON + day * DAY)
        desk.sweep()
        assert asked(world) == []
    world.run_until(NOON + 431 * DAY)
    assert len(asked(world)) == 1
    lived = [e for e in world.executions.values() if e.name.endswith("-r1")]
    assert len(lived) == 1
    assert lived[0].started >= NOON + 400 * DAY


def _dies(*_: object) -> None:
    raise RuntimeError("killed")
