"""From a click to a sales call: score and fit put somebody in a cell, the cell starts a journey and makes a task."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.shared.clock import to_iso
from tests.support.road import Road
from tests.support.shop import Shop, identify, open_shop, publish
from tests.support.templates import Templates

START = datetime(1997, 1, 1, 12, tzinfo=UTC)
BANDS = ["cold", "warm", "hot"]

MODEL = {
    "rules": [
        {"event": "Whitepaper Downloaded", "points": 10, "decay": {"half_life": "P10D"}},
        {
            "event": "Page Read",
            "where": {"prop": "topic", "eq": "prices"},
            "points": 3,
            "cap": 6,
            "expires": "P30D",
        },
        {"event": "Unsubscribed", "points": -20, "once": True},
    ]
}
FIT = {
    "of": "group",
    "rules": [{"when": {"field": ["fields", "employees"], "gte": 50}, "grade": "A"}],
    "default": "C",
}
MATRIX: dict[str, Any] = {
    "score": "interest",
    "fit": "firm",
    "bands": [{"name": "cold"}, {"name": "warm", "from": 5}, {"name": "hot", "from": 15}],
    "cells": [
        {"bands": BANDS, "grades": ["C"], "strategy": "leave", "owner": "nobody"},
        {"bands": ["cold", "warm"], "grades": ["A"], "strategy": "nurture", "owner": "marketing"},
        {
            "bands": ["hot"],
            "grades": ["A"],
            "strategy": "call",
            "owner": "sales",
            "journey": "moved_up",
            "task": {"title": "Call within a day"},
        },
    ],
}
JOURNEY = {
    "name": "moved_up",
    "title": "Invited once hot",
    "objective": "lead_generation",
    "angle": "interaction",
    "portfolio": "base",
    "brief": {"why": "sales", "who": "prospects", "channels": ["email", "sms"], "needed_data": []},
    "entry": {"on": [{"called": True}], "reentry": "never"},
    "start": "wait",
    "nodes": {
        "wait": {"type": "wait", "for": "P90D", "next": "done"},
        "done": {"type": "exit", "reason": "completed"},
    },
}


TABLE: dict[str, Any] = {
    "score": "interest",
    "positions": [{"name": "looking"}, {"name": "comparing", "from": 10}],
    "triggers": [{"name": "simulation", "event": "Simulation Done"}],
    "reactions": [
        {"triggers": ["simulation"], "positions": ["looking"]},
        {"triggers": ["simulation"], "positions": ["comparing"], "journey": "advice"},
    ],
}


@pytest.fixture
def shop(templates: Templates) -> Iterator[Shop]:
    """Everything that is delivered at least once is delivered twice."""
    with Road(templates, START, twice=True) as road:
        shop = open_shop(road, kinds=())
        publish(road, "score-models", "interest", MODEL)
        publish(road, "fit-models", "firm", FIT)
        publish(road, "strategies", "contact", MATRIX)
        condition = {"cell": "contact", "in": ["warm:A", "hot:A"]}
        publish(road, "segments", "warm_or_better", {"condition": condition})
        publish(road, "trigger-tables", "online", TABLE)
        publish(road, "journeys", "moved_up", JOURNEY)
        publish(road, "journeys", "advice", {**JOURNEY, "name": "advice"})
        yield shop


def happens(shop: Shop, user: str, name: str, number: int, **properties: Any) -> None:
    shop.batch(
        [
            {
                "type": "track",
                "messageId": f"{user}-{name}-{number}",
                "userId": user,
                "event": name,
                "properties": properties,
                "timestamp": to_iso(shop.road.clock.now()),
            }
        ]
    )
    shop.road.deliver()


def joins(shop: Shop, user: str, **traits: Any) -> None:
    now = to_iso(shop.road.clock.now())
    group = {
        "type": "group",
        "messageId": f"g-{user}",
        "userId": user,
        "groupId": f"of-{user}",
        "timestamp": now,
    }
    shop.batch([identify(user, f"{user}@example.com", user, now), {**group, "traits": traits}])
    shop.road.deliver()


def rows(shop: Shop, detail_type: str, key: str) -> list[dict[str, Any]]:
    return [row for fact in shop.road.facts(detail_type) for row in fact[key]]


@pytest.mark.capability("001-4")
def test_moving_up_starts_a_journey_once_and_a_hot_cell_makes_a_task_once(shop: Shop) -> None:
    """F1: told twice throughout, and still once each."""
    road = shop.road
    joins(shop, "ann", employees=80)
    joins(shop, "bob", employees=3)
    for user in ("ann", "bob"):
        happens(shop, user, "Whitepaper Downloaded", 1)
        happens(shop, user, "Page Read", 1, topic="prices")
        happens(shop, user, "Page Read", 2, topic="weather")
        road.advance(timedelta(hours=1), schedules_every=None)
        happens(shop, user, "Whitepaper Downloaded", 2)
    road.advance(timedelta(days=40), schedules_every=timedelta(days=10))

    moves = {
        (m["standing"]["profile_id"], m["before"], m["after"], m["journey"])
        for m in rows(shop, "StrategyCellChanged.v1", "moves")
    }
    (ann,) = {profile for profile, _, after, _ in moves if after.endswith(":A")}
    assert {move[1:] for move in moves if move[0] == ann} >= {
        ("cold:A", "warm:A", ""),
        ("warm:A", "hot:A", "moved_up"),
        ("hot:A", "warm:A", ""),
        ("warm:A", "cold:A", ""),
    }
    assert {task["task_id"] for task in rows(shop, "TaskRequested.v1", "tasks")} == {
        task["task_id"] for task in rows(shop, "TaskRequested.v1", "tasks") if task["profile_id"] == ann
    }
    assert len({task["task_id"] for task in rows(shop, "TaskRequested.v1", "tasks")}) == 1
    assert {row["profile_id"] for row in rows(shop, "JourneyEntered.v1", "enrolments")} == {ann}
    assert {
        row["standing"]["profile_id"]
        for row in rows(shop, "SegmentEntered.v1", "moves")
        if row["segment"] == "warm_or_better"
    } == {ann}, "a segment may ask for cells"
    assert len({row["enrolment_id"] for row in rows(shop, "JourneyEntered.v1", "enrolments")}) == 1

    report = road.http("GET", "/strategies/contact/moves", query={"from": "1997-01-01"}, admin=True).json()
    told = {(row["before"], row["after"]): row["count"] for row in report["moves"]}
    assert told["cold:A", "warm:A"] == told["warm:A", "hot:A"] == told["hot:A", "warm:A"] == 1
    assert told["warm:C", "hot:C"] == 1, "a firm that does not fit moves too, and is left in peace"
    counts = road.http("GET", "/strategies/contact/counts", admin=True).json()["counts"]
    assert all(row["entered"] - row["left"] == row["in"] for row in counts)
    assert {row["value"]: row["in"] for row in counts if row["in"]} == {"cold:A": 1, "cold:C": 1}
    assert road.dead_letters() == []


def test_a_standing_shows_where_each_point_is_from_and_what_is_agreed(shop: Shop) -> None:
    joins(shop, "ann", employees=80)
    happens(shop, "ann", "Whitepaper Downloaded", 1)
    for number in range(3):
        happens(shop, "ann", "Page Read", number, topic="prices")
    (ann,) = {move["standing"]["profile_id"] for move in rows(shop, "StrategyCellChanged.v1", "moves")}
    shop.road.advance(timedelta(days=10), schedules_every=timedelta(days=10))

    shown = shop.road.http("GET", f"/profiles/{ann}/standing", admin=True).json()
    score = shown["scores"]["interest"]
    assert score["score"] == 11
    assert sum(line["points"] for line in score["ledger"]) == 11
    assert [(line["event"], line.get("why"), line["points"]) for line in score["ledger"]] == [
        ("Whitepaper Downloaded", "decayed", 5),
        ("Page Read", None, 3),
        ("Page Read", None, 3),
        ("Page Read", None, 3),
        ("Page Read", "cap", -3),
    ]
    assert (shown["fits"], shown["cells"]) == ({"firm": "A"}, {"contact": "warm:A"})
    agreed = shown["explained"]["strategy/contact"]
    assert (agreed["agreed"]["owner"], agreed["score"], agreed["grade"]) == ("marketing", 11, "A")
    members = shop.road.http(
        "GET", "/strategies/contact/members", query={"value": "warm:A"}, admin=True
    ).json()
    assert [row["profile_id"] for row in members["members"]] == [ann]


def test_a_trigger_calls_the_journey_of_the_position(shop: Shop) -> None:
    """F1: told twice throughout. Ann is comparing, Bob is only looking."""
    joins(shop, "ann", employees=80)
    joins(shop, "bob", employees=80)
    happens(shop, "ann", "Whitepaper Downloaded", 1)
    for user in ("ann", "bob"):
        happens(shop, user, "Simulation Done", 1)
    shop.road.advance(timedelta(minutes=5), schedules_every=None)

    fired = {
        (row["message_id"], row["position"], row["journey"])
        for row in rows(shop, "TriggerFired.v1", "firings")
    }
    assert fired == {("ann-Simulation Done-1", "comparing", "advice")}
    entered = {(row["journey"], row["enrolment_id"]) for row in rows(shop, "JourneyEntered.v1", "enrolments")}
    assert [journey for journey, _ in entered] == ["advice"]
    assert shop.road.dead_letters() == []
