"""A deposit above the limit of somebody who saves, is interested and of an age: an offer where they prefer it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from services.shared.clock import to_iso
from tests.support.road import Road
from tests.support.shop import Shop, open_shop, publish
from tests.support.templates import Templates

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROMISING = {
    "all": [
        {"event": "Deposited", "where": {"prop": "amount", "gte": 10_000}, "within": "P1D"},
        {
            "event": "Deposited",
            "where": {"prop": "amount", "lt": 10_000},
            "within": "P365D",
            "count": {"gte": 3},
        },
        {"score": "investing", "gte": 4},
        {"trait": "birthday", "older_than": "P10950D"},
    ]
}
INTEREST = {"rules": [{"event": "Page Read", "where": {"prop": "topic", "eq": "funds"}, "points": 2}]}
# Of class service, because permission is not what is shown here.
OFFER = {
    "class": "service",
    "channels": {"email": {"subject": "Your savings", "text": "Invest?"}, "sms": {"text": "Invest?"}},
}
JOURNEY = {
    "name": "invest",
    "title": "Investment offer",
    "objective": "cross_sell",
    "angle": "interaction",
    "portfolio": "base",
    "brief": {"why": "sales", "who": "prospects", "channels": ["preferred"], "needed_data": []},
    "entry": {"on": [{"segment_entered": "promising"}], "reentry": "never"},
    "start": "offer",
    "nodes": {
        "offer": {"type": "send", "template": "invest", "channels": ["preferred"], "next": "done"},
        "done": {"type": "exit", "reason": "completed"},
    },
}


@pytest.fixture
def shop(templates: Templates) -> Iterator[Shop]:
    with Road(templates, START) as road:
        shop = open_shop(road, kinds=())
        publish(road, "templates", "invest", OFFER)
        publish(road, "score-models", "investing", INTEREST)
        publish(road, "segments", "promising", {"condition": PROMISING})
        publish(road, "journeys", "invest", JOURNEY)
        yield shop


def calls(
    user: str, channel: str, deposit: bool, saves: bool, interested: bool, old: bool
) -> list[dict[str, Any]]:
    """What is known of somebody, the deposit last."""
    traits = {
        "email": f"{user}@example.com",
        "phone": f"+316{10_000_000 + int(user[1:])}",
        "preferredChannel": channel,
        "birthday": "1980-02-03" if old else "2004-02-03",
    }
    found: list[dict[str, Any]] = [{"type": "identify", "traits": traits}]
    tracks = [("Deposited", {"amount": 50}, 30)] * (3 if saves else 2)
    tracks += [("Page Read", {"topic": "funds"}, 2)] * (2 if interested else 1)
    tracks += [("Deposited", {"amount": 10_000 if deposit else 9_999.99}, 0)]
    found += [{"type": "track", "event": name, "properties": p, "days": days} for name, p, days in tracks]
    return [
        {
            **one,
            "userId": user,
            "messageId": f"{user}-{i}",
            "timestamp": to_iso(START - timedelta(days=one.pop("days", 40))),
        }
        for i, one in enumerate(found)
    ]


@pytest.mark.capability("002-6")
def test_only_who_meets_all_of_it_gets_the_offer_where_they_prefer_it(shop: Shop) -> None:
    """The whole truth table, once for each preferred channel."""
    table = [(*row, channel) for channel in ("email", "sms") for row in product([True, False], repeat=4)]
    for number, (*row, channel) in enumerate(table):
        shop.batch(calls(f"u{number}", str(channel), *map(bool, row)))
    shop.road.deliver()
    shop.road.advance(timedelta(minutes=10), schedules_every=None)

    found = {sent.channel: str(sent.request) for sent in shop.road.outbox}
    assert len(shop.road.outbox) == 2
    assert "u0@example.com" in found["email"]
    assert "+31610000016" in found["sms"]
    entered = [row for fact in shop.road.facts("JourneyEntered.v1") for row in fact["enrolments"]]
    assert len(entered) == 2
    assert shop.road.dead_letters() == []
