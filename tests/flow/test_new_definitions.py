"""A segment that is defined long after the events it asks for, on the whole road."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.shared.clock import to_iso
from tests.support.road import Road
from tests.support.shop import identify, open_shop
from tests.support.templates import Templates

START = datetime(1997, 1, 1, 12, tzinfo=UTC)


def test_a_late_definition_finds_people_by_what_they_once_did(templates: Templates) -> None:
    """Nothing was kept for it; the past is asked of ingest, and who never did it stays out."""
    with Road(templates, START) as road:
        shop = open_shop(road)
        for user, revenue in (("ann", 80), ("bob", 8)):
            shop.batch([identify(user, f"{user}@example.com", user.title(), to_iso(road.clock.now()))])
            shop.order(user, f"order-{user}", revenue)
        road.advance(timedelta(days=40), schedules_every=timedelta(days=10))
        condition = {
            "all": [
                {"event": "Order Completed", "where": {"prop": "revenue", "gte": 50}},
                {"trait": "firstName", "eq": "Ann"},
            ]
        }
        answer = road.http("PUT", "/segments/big_once", body={"condition": condition}, admin=True)
        assert answer.status == 200
        road.advance(timedelta(minutes=4), schedules_every=timedelta(minutes=1))

        members = road.http("GET", "/segments/big_once/members", admin=True).json()["members"]
        ann = road.http("GET", "/profiles/ann", admin=True).json()["profile_id"]
        assert [row["profile_id"] for row in members] == [ann]
        assert road.dead_letters() == []
