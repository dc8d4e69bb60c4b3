"""A journey is published, and from then on scoring tells what it needs to hear: on the whole road."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.journeys.domain.entries import EventWay
from services.journeys.domain.listening import listener_of, watch_of
from services.shared.clock import to_iso
from tests.support.road import Road
from tests.support.shop import Shop, open_shop, order, publish
from tests.support.templates import Templates

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
CART = {"event": "Product Added", "key": "cart_id", "keep": ["products"]}
GOLD = {"trait": "plan", "eq": "gold"}
LAPSED = {"all": [GOLD, {"fact": "last_order_at", "older_than": "P30D"}]}
JOURNEY = {
    "name": "cart",
    "title": "Abandoned cart",
    "objective": "win_back",
    "angle": "interaction",
    "brief": {
        **{"why": "sales", "who": "prospects", "channels": ["email"], "needed_data": []},
        **{"step": "decide", "hypothesis": "People forget their carts."},
    },
    "goal": {"event": "Order Completed"},
    "entry": {"on": [CART, {"becomes": GOLD}, {"becomes": LAPSED}], "reentry": "always"},
    "start": "pause",
    "nodes": {
        "pause": {"type": "wait", "for": "P1D", "next": "done"},
        "done": {"type": "exit", "reason": "completed"},
    },
}


@pytest.fixture
def shop(templates: Templates) -> Iterator[Shop]:
    with Road(templates, START) as road:
        shop = open_shop(road, kinds=())
        publish(road, "journeys", "cart", JOURNEY)
        road.deliver()
        yield shop


def identify(user: str, number: int, at: datetime, **traits: Any) -> dict[str, Any]:
    return {
        "type": "identify",
        "messageId": f"identify-{user}-{number}",
        "userId": user,
        "traits": traits,
        "timestamp": to_iso(at),
    }


def test_scoring_hears_for_a_journey_what_it_asks_for(shop: Shop) -> None:
    road = shop.road
    added = {
        "type": "track",
        "event": "Product Added",
        "messageId": "added-1",
        "userId": "ann",
        "properties": {"cart_id": 7, "products": [{"product_id": "sku-1"}], "price": 5},
        "timestamp": to_iso(START),
    }
    shop.batch([identify("ann", 1, START, plan="free"), added, order("ann", "o-1", 20, to_iso(START))])
    shop.batch([added])
    road.deliver()
    rows = [row for fact in road.facts("EventHeard.v1") for row in fact["heard"]]
    assert sorted(row["message_id"] for row in rows) == ["added-1", "order-o-1"]
    listener = listener_of(EventWay.model_validate(CART), ["products"]).name
    (heard,) = [row for row in rows if row["listener"] == listener]
    assert (heard["message_id"], heard["key"], heard["at"]) == ("added-1", "7", to_iso(START))
    assert heard["kept"] == {"products": [{"product_id": "sku-1"}]}

    shop.batch([identify("ann", 2, START, plan="gold")])
    road.deliver()
    moves = [move for fact in road.facts("SegmentEntered.v1") for move in fact["moves"]]
    assert [move["segment"] for move in moves] == [watch_of(GOLD)]
    assert moves[0]["standing"]["segments"] == [watch_of(GOLD)]

    road.advance(timedelta(days=31), schedules_every=timedelta(days=1))
    moves = [move for fact in road.facts("SegmentEntered.v1") for move in fact["moves"]]
    assert [move["segment"] for move in moves] == [watch_of(GOLD), watch_of(LAPSED)]
    assert moves[1]["at"] == to_iso(START + timedelta(days=30))
    assert sorted(moves[1]["standing"]["segments"]) == sorted([watch_of(GOLD), watch_of(LAPSED)])
    assert road.dead_letters() == []
