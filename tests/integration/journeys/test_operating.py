"""Looking at what runs, far times, what is stuck, and drafts."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from services.journeys.adapters.machines import StepFunctionsExecutions
from tests.integration.journeys.desk import Desk
from tests.integration.journeys.test_pausing import DAY, HOUR, asked, document, enter, people
from tests.integration.journeys.world import NOON, World, entered, iso


def far_document() -> dict[str, Any]:
    """A message on a day that is 516 days away."""
    nodes = {
        "day": {"type": "wait_until", "date": "1998-06-01T09:00", "zone": "UTC", "next": "hello"},
        "hello": {"type": "send", "template": "hello", "channels": ["email"], "next": "completed"},
        "completed": {"type": "exit", "reason": "completed"},
    }
    return document(start="day", nodes=nodes)


@pytest.mark.capability("001-8")
def test_nobody_waits_over_a_year_in_one_execution(world: World, desk: Desk) -> None:
    world.publish(far_document())
    enter(world, "prf_1")
    world.run_until(NOON + DAY)
    enter(world, "prf_2")
    world.run_until(NOON + 2 * DAY)
    (counted,) = desk.done("GET", "/journeys/trial/status")["versions"]
    assert (counted["cohorts"], counted["nodes"]) == ({"far": 1}, {"day": 2})
    for day in (100, 300, 480):
        world.run_until(NOON + day * DAY)
        desk.sweep()
        assert {e.status for e in world.executions.values()} == {"SUCCEEDED"}
    world.run_until(NOON + 490 * DAY)
    desk.sweep()
    desk.sweep()
    world.run_until(NOON + 520 * DAY)
    assert [profile for profile, _ in asked(world)] == ["prf_1", "prf_2"]
    later = [e.started for e in world.executions.values() if e.started >= NOON + 100 * DAY]
    assert min(later) == NOON + 490 * DAY


@pytest.mark.capability("003-8")
def test_status_counts_everybody_where_they_are(world: World, desk: Desk) -> None:
    world.publish(document())
    enter(world, *people(120))
    world.run_until(NOON + DAY)
    enter(world, "prf_late")
    world.run_until(NOON + DAY + HOUR)
    world.publish(document(title="Another"))
    status = desk.done("GET", "/journeys/trial/status")
    assert (status["status"], status["held"]) == ("live", False)
    first, second = status["versions"]
    assert (first["people"], first["nodes"], first["complete"]) == (121, {"wait": 121}, True)
    assert first["cohorts"] == {"open": 2}
    assert (second["people"], second["retired"]) == (0, False)
    assert desk.ask("GET", "/journeys/nowhere/status")[0] == 404
    assert desk.ask("GET", "/journeys/trial/status", query={"version": "7"})[0] == 404


def test_a_status_for_which_time_is_short_goes_on_at_its_cursor(world: World, desk: Desk) -> None:
    world.publish(document(admission="PT0S"))
    enter(world, *people(60))
    counted, cursor = 0, ""
    for _ in range(10):
        answer = desk.done(
            "GET", "/journeys/trial/status", query={"cursor": cursor, "version": "1"}, milliseconds=1_000
        )
        (part,) = answer["versions"]
        counted, cursor = counted + part["people"], part["cursor"]
        if part["complete"]:
            break
        assert part["people"] == 25
    assert counted == 60
    assert desk.ask("GET", "/journeys/trial/status", query={"cursor": "!"})[1]["code"] == "bad_cursor"


def test_participants_are_listed_page_by_page_each_once(world: World, desk: Desk) -> None:
    world.publish(document())
    enter(world, *people(150))
    world.run_until(NOON + 3 * HOUR)
    enter(world, *(f"prf_b{i}" for i in range(30)))
    listed, query = [], {"node": "wait"}
    while True:
        answer = desk.done("GET", "/journeys/trial/participants", query=query, milliseconds=1_000)
        listed += [row["profile_id"] for row in answer["participants"]]
        if answer["cursor"] is None:
            break
        query["cursor"] = answer["cursor"]
    assert sorted(listed) == sorted([*people(150), *(f"prf_b{i}" for i in range(30))])
    assert desk.done("GET", "/journeys/trial/participants", query={"node": "hello"})["participants"] == []
    bad = desk.ask("GET", "/journeys/trial/participants", query={"cursor": "x"})
    assert bad[1]["code"] == "bad_cursor"


@pytest.mark.capability("003-8")
def test_a_trace_says_where_somebody_waits(world: World, desk: Desk) -> None:
    world.publish(document())
    enter(world, "prf_1")
    world.run_until(NOON + HOUR)
    trace = desk.done("GET", "/profiles/prf_1/journeys/trial/trace")
    assert [(s["what"], s["node"], s["detail"]) for s in trace["steps"]] == [
        ("entered", "", ""),
        ("waits", "wait", iso(NOON + 2 * DAY)),
    ]
    assert trace["text"].count("\n") == 2
    assert desk.ask("GET", "/profiles/prf_2/journeys/trial/trace")[0] == 404


def test_a_trace_says_why_somebody_was_not_let_in(world: World, desk: Desk) -> None:
    world.publish(document())
    desk.done("POST", "/journeys/trial/stop")
    enter(world, "prf_1")
    trace = desk.done("GET", "/profiles/prf_1/journeys/trial/trace")
    assert [(s["what"], s["detail"]) for s in trace["steps"]] == [("refused", "stopped")]


def test_a_cohort_that_nobody_carries_is_named_and_raises_the_metric(
    world: World, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    world.publish(document())
    enter(world, "prf_1")
    world.clock.advance(2 * DAY + 2 * HOUR)
    ((cohort, _),) = world.cohorts().items()
    (version,) = desk.done("GET", "/journeys/trial/status")["versions"]
    assert [one["cohort"] for one in version["stuck"]] == [cohort]
    capsys.readouterr()
    desk.sweep()
    emitted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "StuckCohorts" in line]
    assert [one["StuckCohorts"] for one in emitted] == [[1.0]]
    desk.done("POST", "/journeys/trial/pause")
    (version,) = desk.done("GET", "/journeys/trial/status")["versions"]
    assert version["stuck"] == []


def test_a_cohort_whose_worker_died_before_starting_it_is_started_by_the_sweep(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5, when the facts never come again."""
    world.publish(document())
    with monkeypatch.context() as broken:
        broken.setattr(StepFunctionsExecutions, "start", _dies)
        assert len(world.facts(entered("trying", "prf_1"))) == 1
    world.clock.advance(timedelta(minutes=30))
    desk.sweep()
    assert world.started() == {}
    world.clock.advance(timedelta(minutes=40))
    desk.sweep()
    assert len(world.started()) == 1


def test_a_chore_short_of_time_leaves_the_rest_to_the_next(world: World, desk: Desk) -> None:
    world.publish(document(admission="PT0S"))
    enter(world, *people(5))
    desk.ask("POST", "/journeys/trial/stop")
    assert desk.do_chores(milliseconds=1_000, at_most=1) == []
    assert desk.waiting_chores() == 1
    desk.do_chores()
    assert {one["state"] for one in world.cohorts().values()} == {"done"}


def test_what_a_pause_of_years_holds_does_not_expire(world: World, desk: Desk) -> None:
    world.publish(document())
    enter(world, "prf_1")
    desk.done("POST", "/journeys/trial/pause")
    for day in (3, 310, 600, 900):
        world.run_until(NOON + day * DAY)
        desk.sweep()
        kept = [int(item["expires_at"]) for (pk, _), item in world.items().items() if pk.startswith("C#")]
        assert min(kept) > (NOON + (day + 90) * DAY).timestamp()


@pytest.mark.capability("001-8")
def test_a_draft_is_kept_right_or_wrong_and_published_when_it_is_right(world: World, desk: Desk) -> None:
    wrong = {**document(), "start": "nowhere"}
    kept = desk.done("PUT", "/journeys/trial/draft", wrong, headers={"if-none-match": "*"})
    assert desk.tag == '"1"'
    assert (kept["valid"], [p["path"] for p in kept["problems"]]) == (False, ["start"])
    assert desk.ask("POST", "/journeys/trial/publish")[1]["code"] == "invalid_journey"
    stale = desk.ask("PUT", "/journeys/trial/draft", document(), headers={"if-match": '"4"'})
    assert stale[0] == 412
    desk.done("PUT", "/journeys/trial/draft", document(), headers={"if-match": '"1"'})
    assert desk.done("GET", "/journeys/trial/draft")["valid"] is True
    assert desk.tag == '"2"'
    assert desk.done("POST", "/journeys/trial/publish", headers={"if-match": '"2"'})["version"] == 1
    assert desk.done("GET", "/journeys/trial/versions/1")["document"] == document()
    assert desk.ask("GET", "/journeys/trial/versions/2")[0] == 404
    assert desk.ask("GET", "/journeys/other/draft")[0] == 404
    assert desk.ask("PUT", "/journeys/other/draft", document())[1]["code"] == "wrong_name"


def _dies(*_: object) -> None:
    raise RuntimeError("killed")
