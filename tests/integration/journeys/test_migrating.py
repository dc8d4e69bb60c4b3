"""From one version to another, and to an end: everybody once, whatever dies in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.journeys.adapters.live_cohorts import DynamoLiveCohorts
from services.journeys.adapters.machines import StepFunctionsExecutions
from services.journeys.adapters.walks import DynamoWalks
from services.journeys.bootstrap import operating, walking
from services.journeys.service.fill import Filling
from services.shared.clock import from_iso
from tests.integration.journeys.desk import Desk
from tests.integration.journeys.test_pausing import DAY, HOUR, asked, document, people
from tests.integration.journeys.world import NOON, World, entered, rows_of
from tests.unit.journeys.documents import journey

WISH = {"from": 1, "to": 2, "nodes": {"wait": "pause", "hello": "hi"}}


def second(**nodes: Any) -> dict[str, Any]:
    """The same journey with other names, another wait and another message."""
    renamed = {
        "pause": {"type": "wait", "for": "P9D", "next": "hi"},
        "hi": {"type": "send", "template": "hi", "channels": ["email"], "next": "completed"},
        "completed": {"type": "exit", "reason": "completed"},
    }
    return document(start="pause", nodes={**renamed, **nodes})


def begun(world: World, count: int = 3) -> None:
    world.publish(document())
    assert world.facts(entered("trying", *people(count))) == []
    world.run_until(NOON + HOUR)
    world.publish(second())


def requests(world: World) -> list[tuple[str, str, int]]:
    rows = rows_of(world.published(), "MessageRequested.v1")
    return sorted((row["profile_id"], row["template"], row["version"]) for row in rows)


@pytest.mark.capability("003-8")
def test_a_migration_says_first_what_it_does_and_is_refused_while_a_node_is_unmapped(
    world: World, desk: Desk
) -> None:
    begun(world)
    before = world.items()
    plan = desk.done("POST", "/journeys/trial/migrate", {"from": 1, "to": 2, "dry_run": True})
    assert plan["unmapped"] == ["wait", "hello"]
    assert (plan["added"], plan["removed"], plan["changed"]) == (["hi", "pause"], ["hello", "wait"], [])
    assert plan["fields"] == ["start"]
    status, refused = desk.ask("POST", "/journeys/trial/migrate", {"from": 1, "to": 2})
    assert (status, refused["code"]) == (400, "unmapped")
    plan = desk.done("POST", "/journeys/trial/migrate", {**WISH, "dry_run": True})
    assert {(n["node"], n["people"], n["to"]) for n in plan["nodes"]} == {
        ("wait", 3, "pause"),
        ("hello", 0, "hi"),
    }
    assert world.items() == before
    assert desk.done("GET", "/journeys/trial/diff", query={"from": "1", "to": "2"})["added"] == [
        "hi",
        "pause",
    ]
    wrong = {**WISH, "nodes": {"wait": "nowhere"}}
    assert desk.ask("POST", "/journeys/trial/migrate", wrong)[1]["code"] == "unknown_node"
    assert desk.ask("POST", "/journeys/trial/migrate", {**WISH, "to": 3})[0] == 404


@pytest.mark.capability("003-8")
def test_people_go_over_with_what_is_left_of_their_wait(world: World, desk: Desk) -> None:
    begun(world)
    world.run_until(NOON + DAY)
    assert desk.done("POST", "/journeys/trial/migrate", WISH)["ordered"] is True
    desk.do_chores()
    assert {walk["version"] for (_, sk), walk in world.items().items() if sk == "E#trial"} == {2}
    world.run_until(NOON + 2 * DAY - HOUR)
    assert requests(world) == []
    world.run_until(NOON + 3 * DAY)
    assert requests(world) == [(p, "hi", 2) for p in people(3)]
    trace = desk.done("GET", f"/profiles/{people(1)[0]}/journeys/trial/trace")
    assert [(s["what"], s["detail"]) for s in trace["steps"]] == [
        ("entered", ""),
        ("went", "version 2"),
        ("asked", "hi by email"),
        ("left", "completed"),
    ]
    assert "version 2" in trace["text"]


def test_those_who_are_dropped_leave(world: World, desk: Desk) -> None:
    begun(world)
    desk.done("POST", "/journeys/trial/migrate", {**WISH, "nodes": {"wait": "drop", "hello": "drop"}})
    exits = rows_of(world.published(), "JourneyExited.v1")
    assert [row["reason"] for row in exits] == ["migrated"] * 3


def test_who_is_paused_goes_over_and_stays_paused(world: World, desk: Desk) -> None:
    begun(world)
    desk.done("POST", "/journeys/trial/pause")
    world.run_until(NOON + 4 * DAY)
    desk.done("POST", "/journeys/trial/migrate", WISH)
    world.run_until(NOON + 6 * DAY)
    assert requests(world) == []
    desk.done("POST", "/journeys/trial/resume")
    world.run_until(NOON + 9 * DAY)
    assert requests(world) == [(p, "hi", 2) for p in people(3)]


@pytest.mark.parametrize(
    ("owner", "method"),
    [
        (DynamoLiveCohorts, "park"),
        (DynamoWalks, "open_cohort"),
        (DynamoWalks, "migrate"),
        (DynamoWalks, "_move"),
        (Filling, "start"),
        (StepFunctionsExecutions, "start"),
        (DynamoWalks, "mark_started"),
        (DynamoWalks, "finish"),
    ],
)
@pytest.mark.parametrize("after", [False, True])
def test_a_worker_may_die_at_each_write(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch, owner: Any, method: str, after: bool
) -> None:
    """F5: before or after the write; the chore is delivered again, and then once more for nothing."""
    begun(world)
    with monkeypatch.context() as broken:
        broken.setattr(owner, method, _dying(getattr(owner, method), after=after))
        assert desk.ask("POST", "/journeys/trial/migrate", WISH)[0] == 202
        assert len(desk.do_chores()) == 1
    desk.sweep()
    desk.sweep()
    world.run_until(NOON + 3 * DAY)
    assert requests(world) == [(p, "hi", 2) for p in people(3)]
    assert len([data for data in world.started().values() if data["version"] == 2]) == 1


def test_a_cohort_whose_time_comes_while_it_goes_over_acts_once(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5: its step wakes when half of the people have gone."""
    begun(world, 150)
    migrate, woken = DynamoWalks.migrate, []

    def waking(self: DynamoWalks, *args: Any) -> Any:
        done = migrate(self, *args)
        if not woken:
            woken.append(True)
            world.run_until(NOON + 2 * DAY + HOUR)
        return done

    monkeypatch.setattr(DynamoWalks, "migrate", waking)
    desk.done("POST", "/journeys/trial/migrate", WISH)
    world.run_until(NOON + 3 * DAY)
    assert requests(world) == [(p, "hi", 2) for p in people(150)]


def test_a_cohort_that_is_acting_is_left_alone_until_it_stands(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish(
        document(
            nodes={
                **document()["nodes"],
                "hello": {"type": "send", "template": "hello", "channels": ["email"], "next": "rest"},
                "rest": {"type": "wait", "for": "P3D", "next": "bye"},
                "bye": {"type": "send", "template": "bye", "channels": ["email"], "next": "completed"},
            }
        )
    )
    world.facts(entered("trying", *people(2)))
    world.publish(second())
    request, ordered = DynamoWalks.request, []

    def ordering(self: DynamoWalks, *args: Any) -> int:
        if not ordered:
            wish = {**WISH, "nodes": {"wait": "pause", "hello": "hi", "rest": "pause", "bye": "hi"}}
            ordered.append(desk.done("POST", "/journeys/trial/migrate", wish))
        return request(self, *args)

    monkeypatch.setattr(DynamoWalks, "request", ordering)
    world.run_until(NOON + 3 * DAY)
    assert requests(world) == [(p, "hello", 1) for p in people(2)]
    desk.sweep()
    world.run_until(NOON + 6 * DAY)
    assert requests(world) == [(p, "hi", 2) for p in people(2)]


def test_who_has_just_come_in_waits_all_of_a_wait_that_begins_the_journey(world: World, desk: Desk) -> None:
    """They are not there yet: their cohort gathers for an hour."""
    reply = {"type": "wait_for", "event": "Replied", "timeout": "P7D", "next": "hello", "otherwise": "hello"}
    raw = journey(nodes={**journey()["nodes"], "pause": reply})
    world.publish(raw)
    world.facts(entered("trying", "prf_1"))
    world.publish({**raw, "title": "Another"})
    desk.done("POST", "/journeys/trial/migrate", {"from": 1, "to": 2})
    world.run_until(NOON + 9 * DAY)
    ((profile, at),) = asked(world)
    assert profile == "prf_1"
    assert from_iso(at) >= NOON + 7 * DAY


def test_a_stop_ends_everybody_and_lets_nobody_in(world: World, desk: Desk) -> None:
    begun(world)
    assert desk.done("POST", "/journeys/trial/stop")["status"] == "stopped"
    walking.reacting.cache_clear()  # entries look a few seconds back
    world.facts(entered("trying", "prf_late"))
    world.run_until(NOON + 9 * DAY)
    entries = world.published()
    assert rows_of(entries, "MessageRequested.v1") == []
    assert [row["reason"] for row in rows_of(entries, "JourneyExited.v1")] == ["stopped"] * 3
    assert [row["reason"] for row in rows_of(entries, "EntryRefused.v1")] == ["stopped"]
    assert desk.ask("POST", "/journeys/trial/pause")[0] == 409
    assert {e.status for e in world.executions.values()} == {"SUCCEEDED"}


def test_a_drain_lets_those_within_go_on(world: World, desk: Desk) -> None:
    begun(world)
    desk.done("POST", "/journeys/trial/stop", {"how": "drain"})
    walking.reacting.cache_clear()  # entries look a few seconds back
    world.facts(entered("trying", "prf_late"))
    world.run_until(NOON + 9 * DAY)
    assert [one for one, _, _ in requests(world)] == people(3)


def test_a_stop_that_dies_in_the_middle_goes_on(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5."""
    begun(world, 150)
    with monkeypatch.context() as broken:
        broken.setattr(DynamoWalks, "stop", _dying(DynamoWalks.stop, after=True))
        desk.ask("POST", "/journeys/trial/stop")
        assert len(desk.do_chores()) == 1
    desk.sweep()
    exits = rows_of(world.published(), "JourneyExited.v1")
    assert sorted(row["profile_id"] for row in exits) == people(150)


def test_a_version_that_nobody_walks_is_retired_and_walked_again_after_going_back(
    world: World, desk: Desk
) -> None:
    begun(world)
    desk.done("POST", "/journeys/trial/migrate", WISH)
    for _ in range(3):
        world.clock.advance(HOUR)
        desk.sweep()
    runnings = operating.observing()._runnings
    assert runnings.get("trial").retired == {1}
    told = runnings.get("trial").tellings
    back = {"from": 2, "to": 1, "nodes": {"pause": "wait", "hi": "hello"}}
    assert desk.ask("POST", "/journeys/trial/migrate", back)[1]["code"] == "migrates_back"
    assert runnings.get("trial").tellings == told == 1


def _dying(write: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    """Does it (or not) and dies, the first time."""
    died: list[bool] = []

    def dies(*args: Any, **how: Any) -> Any:
        if died:
            return write(*args, **how)
        died.append(True)
        if after:
            write(*args, **how)
        raise RuntimeError("killed")

    return dies
