"""Points and a survey along the whole road: earned, spent and asked about, and back as what is known of the person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.shared.clock import to_iso
from tests.support.road import Road
from tests.support.shop import Shop, identify, open_shop, publish
from tests.support.templates import Templates

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
PROGRAMME: dict[str, Any] = {
    "earn": [{"name": "purchase", "event": "Order Completed", "per": {"property": "revenue"}}],
    "tiers": {"levels": [{"name": "silver", "points": 10}]},
    "perks": [{"name": "quiz", "title": "The monthly quiz", "lever": "engagement", "points": 4}],
    "referral": {"referrer": 100, "friend": 50},
}
IDLE = {"match": "any", "purchase": None, "response": None, "points": "P30D"}


@pytest.fixture
def shop(templates: Templates) -> Iterator[Shop]:
    with Road(templates, START) as road:
        shop = open_shop(road, kinds=())
        assert road.http("PUT", "/loyalty/programme", body=PROGRAMME, admin=True).status == 200
        road.advance(timedelta(minutes=1), schedules_every=None)
        now = to_iso(road.clock.now())
        shop.batch([identify(one, f"{one}@example.com", one.title(), now) for one in ("ann", "bob")])
        yield shop


def known(shop: Shop, user: str) -> dict[str, Any]:
    return dict(shop.road.http("GET", f"/profiles/userId:{user}", admin=True).json())


def points(shop: Shop, user: str) -> dict[str, Any]:
    profile_id = known(shop, user)["profile_id"]
    return dict(shop.road.http("GET", f"/loyalty/{profile_id}", admin=True).json())


def happen(shop: Shop, user: str, name: str, **properties: Any) -> None:
    detail = {"type": "track", "userId": user, "event": name, "properties": properties}
    at = to_iso(shop.road.clock.now())
    shop.road.put_event("crm", "Segment Message", {**detail, "timestamp": at})
    shop.road.deliver()


def segments(shop: Shop, user: str) -> list[str]:
    found = shop.road.http("GET", f"/profiles/{known(shop, user)['profile_id']}/standing", admin=True)
    return sorted(found.json()["segments"])


@pytest.mark.capability("000-30")
@pytest.mark.capability("000-31")
def test_points_are_the_same_everywhere_and_their_change_is_a_sign_of_life(shop: Shop) -> None:
    road = shop.road
    made = road.http("POST", "/segments/library/inactive", body={"parameters": IDLE}, admin=True)
    assert made.status == 200, made.body
    shop.order("ann", "1", 11.77)
    shop.order("bob", "2", 5)
    road.deliver()
    assert (points(shop, "ann")["balance"], points(shop, "ann")["tier"]) == (11, "silver")
    traits = known(shop, "ann")["traits"]
    assert (traits["loyaltyPoints"], traits["loyaltyTier"]) == (11, "silver")

    road.advance(timedelta(days=20), schedules_every=None)
    ann = known(shop, "ann")["profile_id"]
    burnt = road.http(
        "POST", f"/loyalty/{ann}/burn", body={"perk": "quiz"}, headers={"idempotency-key": "k"}, admin=True
    )
    assert burnt.status == 200, burnt.body
    road.deliver()
    assert known(shop, "ann")["traits"]["loyaltyPoints"] == points(shop, "ann")["balance"] == 7

    road.advance(timedelta(days=20), schedules_every=timedelta(days=20))
    # Both bought forty days ago, and one of them spent points since.
    assert (segments(shop, "ann"), segments(shop, "bob")) == ([], ["inactive"])
    seen = road.http("GET", f"/profiles/{ann}/timeline", admin=True).json()
    assert [one["name"] for one in seen["events"]].count("Loyalty Balance Changed") == 2
    assert road.dead_letters() == []


@pytest.mark.capability("000-25")
def test_a_friends_code_on_a_form_rewards_both_at_the_first_order_and_is_told(shop: Shop) -> None:
    road = shop.road
    road.deliver()
    made = road.http("POST", f"/loyalty/{known(shop, 'ann')['profile_id']}/referral-code", admin=True)
    happen(shop, "bob", "Form Submitted", referral_code=made.json()["code"])
    for number in ("1", "2"):
        shop.order("bob", number, 5)
        road.deliver()
    assert (points(shop, "ann")["balance"], points(shop, "bob")["balance"]) == (100, 60)
    seen = road.http("GET", f"/profiles/{known(shop, 'ann')['profile_id']}/timeline", admin=True).json()
    assert [one["name"] for one in seen["events"]].count("Referral Converted") == 1


@pytest.mark.capability("000-24")
def test_a_low_score_opens_a_task_and_the_answer_is_an_attribute_and_an_event(shop: Shop) -> None:
    road = shop.road
    for name in ("referral", "satisfaction_survey"):
        ready = road.http("GET", f"/journeys/library/{name}", admin=True).json()
        for template, document in ready["templates"].items():
            publish(road, "templates", template, document)
        publish(road, "journeys", name, ready["document"])
    for user, score in (("ann", 6), ("bob", 7)):
        happen(shop, user, "Service Contact Closed", contact_id=f"contact-of-{user}")
        road.advance(timedelta(hours=2), schedules_every=None)
        happen(shop, user, "Survey Answered", survey="nps", score=score)
        road.advance(timedelta(hours=2), schedules_every=None)
    ann = known(shop, "ann")
    (task,) = road.http("GET", "/tasks", admin=True).json()["tasks"]
    assert (task["profile_id"], task["title"]) == (ann["profile_id"], "Call back after a low score")
    assert [known(shop, user)["traits"]["nps"] for user in ("ann", "bob")] == [6, 7]
    seen = road.http("GET", f"/profiles/{ann['profile_id']}/timeline", admin=True).json()
    assert [e["properties"]["score"] for e in seen["events"] if e["name"] == "Survey Answered"] == [6]
