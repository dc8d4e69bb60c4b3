"""A campaign along the whole road: scoring says who, journeys meets them, delivery sends; and one person by a call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.journeys.adapters import definitions, running
from services.scoring.service import definition_desk
from services.shared.clock import to_iso
from tests.support.road import Road
from tests.support.shop import Shop, header_of, identify, open_shop, publish
from tests.support.templates import Templates

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Who is in the canary is drawn from their ids, which are new at every run: of thirty at a half, nobody or everybody is
# one in five hundred million.
PEOPLE = [f"c{n}" for n in range(30)]
# Of class service, because permission is not what is shown here.
NEWS = {"class": "service", "channels": {"email": {"subject": "Spring", "text": "It is spring."}}}
BRIEF = {
    "who": "Customers",
    "why": "They buy again",
    "channels": ["email"],
    "needed_data": [],
    "step": "Orientation",
    "hypothesis": "Spring makes people buy",
}
CAMPAIGN: dict[str, Any] = {
    "name": "spring",
    "title": "Spring",
    "objective": "cross_sell",
    "angle": "world",
    "brief": BRIEF,
    "segment": "customers",
    "template": "spring",
    "channels": ["email"],
    "schedule": {"start": "2026-03-01T14:00", "zone": "Europe/Amsterdam"},
    "canary": {"percent": 50, "wait": "PT5M"},
    "goal": {"event": "Order Completed", "within": "P7D"},
}
ONE = {
    "name": "by_hand",
    "title": "By hand",
    "objective": "service",
    "angle": "interaction",
    "portfolio": "base",
    "brief": BRIEF,
    "entry": {"on": [{"called": True}], "reentry": "always"},
    "start": "message",
    "nodes": {
        "message": {"type": "send", "template": "spring", "channels": ["email"], "next": "done"},
        "done": {"type": "exit", "reason": "completed"},
    },
}


@pytest.fixture
def shop(templates: Templates, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """The hours of this road take less than the five real seconds for which services believe what they have read, so
    here they believe nothing."""
    monkeypatch.setattr(definition_desk, "CACHE_SECONDS", 0.0)
    monkeypatch.setattr(definitions, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(running, "FRESH_SECONDS", 0.0)
    with Road(templates, START) as road:
        shop = open_shop(road, kinds=())
        publish(road, "templates", "spring", NEWS)
        publish(road, "segments", "customers", {"condition": {"fact": "orders", "gte": 1}})
        now = to_iso(road.clock.now())
        shop.batch([identify(one, f"{one}@example.com", one, now) for one in (*PEOPLE, "visitor")])
        for number, one in enumerate(PEOPLE):
            shop.order(one, str(number), 10)
        road.deliver()
        yield shop


def addressed(road: Road) -> list[str]:
    return sorted(header_of(sent, "To") for sent in road.outbox)


@pytest.mark.capability("002-10")
def test_a_broadcast_meets_the_segment_once_and_a_call_meets_one(shop: Shop) -> None:
    """And who buys then has reached its goal."""
    road = shop.road
    publish(road, "campaigns", "spring", CAMPAIGN)
    publish(road, "journeys", "by_hand", ONE)
    road.advance(timedelta(minutes=59), schedules_every=timedelta(minutes=30))
    assert road.outbox == []

    road.advance(timedelta(minutes=5), schedules_every=timedelta(minutes=1))
    few = addressed(road)
    assert 0 < len(few) < len(PEOPLE)
    road.advance(timedelta(minutes=10), schedules_every=timedelta(minutes=1))
    assert addressed(road) == sorted(f"{one}@example.com" for one in PEOPLE)
    shown = road.http("GET", "/campaigns/spring", admin=True).json()
    assert [(run["state"], run["people"], run["entered"]) for run in shown["runs"]] == [
        ("done", len(PEOPLE), len(PEOPLE))
    ]

    body = {"request_id": "r1", "identifier": "email:visitor@example.com"}
    for _ in range(2):
        answer = road.http("POST", "/journeys/by_hand/enter", body=body, admin=True)
        assert answer.json()["entered"] is True
    road.advance(timedelta(minutes=3), schedules_every=None)
    assert addressed(road).count("visitor@example.com") == 1
    assert len(road.outbox) == len(PEOPLE) + 1

    shop.order("c0", "again", 20)
    road.deliver()
    goals = [
        one["journey"]
        for fact in road.facts("JourneyExited.v1")
        for one in fact["enrolments"]
        if one["reason"] == "goal"
    ]
    assert goals == ["spring"]
    assert road.dead_letters() == []
