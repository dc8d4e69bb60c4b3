"""What came of journeys: by angle, by objective, one by one, each person counted once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.journeys.adapters.texts import read_memory
from services.journeys.handlers import on_runtime_stream
from services.shared.aws.clients import client
from services.shared.contracts.ingest import Merge, ProfilesMerged
from tests.integration.journeys.desk import Desk
from tests.integration.journeys.languages import heard
from tests.integration.journeys.test_pausing import DAY, document, enter, people
from tests.integration.journeys.world import NOON, Context, World, left

GOAL = {"event": "Order Completed"}


def figures(**numbers: Any) -> dict[str, Any]:
    said = {"entered": 0, "active": 0, "reached": 0, "reached_rate": None, "left": {}, "asked": 0}
    said |= {"worth": {}, **numbers}
    if said["entered"]:
        said["reached_rate"] = round(said["reached"] / said["entered"], 4)
    return said


def told(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (row,) = [one for one in rows if one["name"] == name]
    return {key: row[key] for key in figures()}


def so_far(desk: Desk, name: str = "trial") -> dict[str, Any]:
    return dict(desk.done("GET", f"/journeys/{name}/status")["so_far"])


@pytest.mark.capability("001-12")
def test_the_report_by_angle_has_all_four(world: World, desk: Desk) -> None:
    """Two journeys of one angle are summed, an angle without any is there with nothing."""
    angles = {"one": "interaction", "two": "interaction", "three": "lifecycle", "four": "life_phase"}
    for name, angle in angles.items():
        world.publish(document(name=name, angle=angle, goal=GOAL))
    enter(world, *people(7))
    world.run_until(NOON + DAY)
    bought = document(name="one", goal=GOAL)
    world.facts(heard(bought, "Order Completed", "prf_0001", world.clock.now(), version=2))
    world.run_until(NOON + 5 * DAY)
    world.published()
    rows = desk.done("GET", "/journeys/report", query={"by": "angle"})["rows"]
    assert [row["name"] for row in rows] == ["interaction", "lifecycle", "life_phase", "world"]
    assert [row["journeys"] for row in rows] == [["one", "two"], ["three"], ["four"], []]
    assert told(rows, "interaction") == figures(
        entered=14, reached=2, asked=12, left={"completed": 12, "goal": 2}
    )
    assert told(rows, "lifecycle") == figures(entered=7, reached=1, asked=6, left={"completed": 6, "goal": 1})
    assert told(rows, "world") == figures()


@pytest.mark.capability("003-20")
def test_the_report_by_objective_lists_service_self_service_and_lock_in(world: World, desk: Desk) -> None:
    for objective in ("service", "self_service", "lock_in"):
        world.publish(document(name=f"a_{objective}", objective=objective))
    enter(world, *people(3))
    world.run_until(NOON + DAY)
    world.published()
    rows = desk.done("GET", "/journeys/report", query={"by": "objective"})["rows"]
    kpis = {row["name"]: (row["journeys"], row["kpi"], row["entered"], row["active"]) for row in rows}
    assert kpis["service"] == (["a_service"], "satisfaction", 3, 3)
    assert kpis["self_service"] == (["a_self_service"], "contacts_avoided", 3, 3)
    assert kpis["lock_in"] == (["a_lock_in"], "products_per_customer", 3, 3)
    assert len(rows) == 9
    assert all(row["kpi_title"] for row in rows)


def test_a_journey_is_held_against_its_own_figure(world: World, desk: Desk) -> None:
    brief = {**document()["brief"], "kpi": "churn_rate"}
    world.publish(document(brief=brief))
    (row,) = desk.done("GET", "/journeys/report", query={"by": "journey"})["rows"]
    assert (row["name"], row["title"], row["kpi"]) == ("trial", "A trial", "churn_rate")
    assert desk.ask("GET", "/journeys/report", query={"by": "colour"})[1]["code"] == "bad_by"


def test_status_says_who_left_and_why(world: World, desk: Desk) -> None:
    world.publish(document())
    enter(world, *people(5))
    world.facts(left("trying", "prf_0001"))
    world.run_until(NOON + DAY)
    world.published()
    gone = {"segment_exited:trying": 1}
    assert so_far(desk) == figures(entered=5, active=4, left=gone)
    world.run_until(NOON + 3 * DAY)
    world.published()
    assert so_far(desk) == figures(entered=5, left={"completed": 4, **gone}, asked=4)


def test_what_the_stream_repeats_counts_once(world: World, desk: Desk) -> None:
    """F1, F4, F8: the whole stream again, and again in batches of other lengths."""
    world.publish(document())
    enter(world, *people(30))
    world.run_until(NOON + 3 * DAY)
    records = everything(world)
    counted = figures(entered=30, left={"completed": 30}, asked=30)
    for size in (40, len(records), 25):
        for first in range(0, len(records), size):
            on_runtime_stream.handler({"Records": records[first : first + size]}, Context())
        assert so_far(desk) == counted


def test_a_merge_of_two_on_the_way_leaves_one(world: World, desk: Desk) -> None:
    """F30: whose walk goes on as another's has not left."""
    world.publish(document())
    enter(world, "prf_1", "prf_2", "prf_3")
    at = world.clock.now() + timedelta(minutes=1)
    world.facts(ProfilesMerged(merges=[Merge(winner="prf_1", loser="prf_2", at=at)]))
    world.facts(ProfilesMerged(merges=[Merge(winner="prf_9", loser="prf_3", at=at)]))
    world.published()
    assert so_far(desk) == figures(entered=3, active=2, left={"merged": 1})
    world.run_until(NOON + 5 * DAY)
    world.published()
    assert so_far(desk) == figures(entered=3, left={"completed": 2, "merged": 1}, asked=2)


SPLIT = {
    "type": "split",
    "arms": [
        {"name": "met", "percent": 60, "next": "hello"},
        {"name": "control", "percent": 40, "next": "wait", "holdout": True},
    ],
}
MEASURED = document(
    goal={"event": "Order Completed", "within": "P9D", "value": "total"},
    start="chance",
    nodes={
        "chance": SPLIT,
        "hello": {"type": "send", "template": "hello", "channels": ["email"], "next": "wait"},
        "wait": {"type": "wait", "for": "P9D", "next": "completed"},
        "completed": {"type": "exit", "reason": "completed"},
    },
    brief={**document()["brief"], "hypothesis": "Meeting makes buy", "next_change": "Meet them all"},
)


@pytest.mark.capability("001-23")
def test_the_lift_of_a_split_is_test_less_control(world: World, desk: Desk) -> None:
    """Of those who were met nearly all buy, of the control group one; the stream is told twice (F1, F8)."""
    world.publish(MEASURED)
    enter(world, *people(40))
    world.run_until(NOON + DAY)
    arms: dict[str, list[str]] = {"met": [], "control": []}
    for who in people(40):
        arms[read_memory(world.walk(who, "trial")["memory"]).arms["chance"]].append(who)
    buyers = [*arms["met"][1:], arms["control"][0]]
    for who in buyers:
        now = world.clock.now()
        said = {"total": "12.50", "currency": "eur"}
        world.facts(heard(MEASURED, "Order Completed", who, now, version=2, **said))
    records = everything(world)
    for _ in range(2):
        on_runtime_stream.handler({"Records": records}, Context())

    found = desk.done("GET", "/journeys/trial/experiments")
    assert found["noted"] == {"hypothesis": "Meeting makes buy", "next_change": "Meet them all"}
    (split,) = found["splits"]
    met, control = split["arms"]
    many, few = len(arms["met"]), len(arms["control"])
    assert (met["came"], met["reached"]) == (many, many - 1)
    assert (control["came"], control["reached"], split["control"]) == (few, 1, ["control"])
    assert met["worth"] == {"EUR": 12.5 * (many - 1)}
    lift = met["lift"]
    assert lift["gap"] == pytest.approx((many - 1) / many - 1 / few, abs=1e-6)
    assert lift["low"] < lift["gap"] < lift["high"]
    assert lift["significant"] is True
    assert control["lift"] is None
    (row,) = desk.done("GET", "/journeys/report", query={"by": "journey"})["rows"]
    assert row["worth"] == {"EUR": 12.5 * many}
    assert desk.ask("GET", "/journeys/none/experiments")[0] == 404


def everything(world: World) -> list[dict[str, Any]]:
    """All changes of the runtime table since it was made."""
    streams = client("dynamodbstreams")
    return list(streams.get_records(ShardIterator=world._stream_start())["Records"])
