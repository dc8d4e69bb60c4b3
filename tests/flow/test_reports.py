"""What a journey brought, along the whole road: from a branch office's booking to the report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.shared.clock import to_iso
from tests.flow.test_campaigns import BRIEF, NEWS
from tests.support.road import Road
from tests.support.shop import Shop, identify, open_shop, publish
from tests.support.templates import Templates

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PEOPLE = [f"c{n}" for n in range(6)]
TALKS = {
    "name": "talks",
    "title": "Talks at the branch office",
    "objective": "lead_generation",
    "angle": "interaction",
    "portfolio": "base",
    "brief": BRIEF,
    "admission": "PT0S",
    "entry": {"on": [{"segment_entered": "customers"}], "reentry": "never"},
    "goal": {"event": "Appointment Booked", "within": "P14D", "value": "expected_value"},
    "start": "message",
    "nodes": {
        "message": {"type": "send", "template": "spring", "channels": ["email"], "next": "follow"},
        "follow": {"type": "wait", "for": "P14D", "next": "done"},
        "done": {"type": "exit", "reason": "completed"},
    },
}


@pytest.fixture
def shop(templates: Templates) -> Iterator[Shop]:
    with Road(templates, START) as road:
        shop = open_shop(road, kinds=())
        publish(road, "templates", "spring", NEWS)
        publish(road, "segments", "customers", {"condition": {"fact": "orders", "gte": 1}})
        publish(road, "journeys", "talks", TALKS)
        road.deliver()
        now = to_iso(road.clock.now())
        shop.batch([identify(one, f"{one}@gmail.com", one, now) for one in PEOPLE])
        for number, one in enumerate(PEOPLE):
            shop.order(one, str(number), 10)
        road.deliver()
        yield shop


@pytest.mark.capability("004-9")
def test_an_appointment_at_a_branch_office_is_what_the_journey_brought(shop: Shop) -> None:
    """The branch's own system tells of it; it counts once, for the message before it, however often it is told."""
    road = shop.road
    road.advance(timedelta(minutes=5), schedules_every=None)
    assert len(road.outbox) == len(PEOPLE)
    made = road.http("PUT", "/sources/branch", body={"name": "Branch offices"}, admin=True)
    branch = Shop(road, made.json()["write_key"])
    booked: dict[str, Any] = {
        "type": "track",
        "event": "Appointment Booked",
        "messageId": "branch-1",
        "userId": "c3",
        "timestamp": to_iso(road.clock.now()),
        "properties": {"expected_value": 250, "currency": "EUR", "branch": "Utrecht"},
    }
    for _ in range(2):
        assert branch.batch([booked]).status == 200
        road.deliver()

    (row,) = road.http("GET", "/reports/nodes", admin=True).json()["rows"]
    assert (row["journey"], row["sent"], row["converted"], row["revenue"]) == ("talks", 6, 1, {"EUR": 250.0})
    (mix,) = road.http("GET", "/reports/channel-mix", admin=True).json()["rows"]
    assert (mix["objective"], mix["channel"], mix["converted"]) == ("lead_generation", "email", 1)
    (gmail,) = road.http("GET", "/reports/mailboxes", admin=True).json()["rows"]
    assert (gmail["mailbox"], gmail["sent"], gmail["converted"]) == ("gmail", 6, 1)
    journeys = road.http("GET", "/journeys/report", query={"by": "journey"}, admin=True).json()["rows"]
    assert [(one["name"], one["reached"], one["worth"]) for one in journeys] == [("talks", 1, {"EUR": 250.0})]
    assert road.dead_letters() == []
