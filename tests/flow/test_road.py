"""One customer's way along the whole road: the real handlers, joined as the templates join them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.shared.aws.clients import client
from services.shared.clock import to_iso
from tests.support.road import Road
from tests.support.shop import (
    Shop,
    header_of,
    identify,
    link,
    open_shop,
    send_id_of,
    ses_notice,
    text_of,
    url_parts,
)
from tests.support.templates import Templates

START = datetime(1997, 1, 1, 12, tzinfo=UTC)
ANN = "ann@example.com"


@pytest.fixture
def shop(templates: Templates) -> Iterator[Shop]:
    with Road(templates, START) as road:
        yield open_shop(road)


def first_order(shop: Shop) -> None:
    now = to_iso(shop.road.clock.now())
    shop.batch([identify("ann", ANN, "Ann", now)])
    shop.order("ann", "1", 11.77)
    shop.road.deliver()


def consent(shop: Shop) -> None:
    shop.sign_up(ANN)
    shop.road.deliver()
    assert shop.confirm(shop.road.outbox[-1]).status == 200
    shop.road.deliver()


def subjects(road: Road) -> list[str]:
    return [header_of(sent, "Subject") for sent in road.outbox]


def moments(road: Road, detail_type: str, rows: str, key: str) -> list[Any]:
    return [row[key] for fact in road.facts(detail_type) for row in fact[rows]]


def test_a_customer_from_first_order_to_report(shop: Shop) -> None:
    road = shop.road

    first_order(shop)
    assert moments(road, "SegmentEntered.v1", "moves", "segment") == ["first_order"]
    assert moments(road, "JourneyEntered.v1", "enrolments", "journey") == ["welcome"]
    assert road.outbox == []

    consent(shop)
    assert [c["state"] for fact in road.facts("ConsentChanged.v1") for c in fact["changes"]] == ["granted"]
    assert subjects(road) == ["Please confirm: Offers and news"]

    road.advance(timedelta(days=3))
    assert subjects(road)[1:] == ["Thank you for your order, Ann"]
    assert "Hello Ann" in text_of(road.outbox[1])
    assert header_of(road.outbox[1], "List-Unsubscribe") == ""

    road.advance(timedelta(days=31))
    assert len(road.outbox) == 3
    assert header_of(road.outbox[2], "List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    assert moments(road, "JourneyExited.v1", "enrolments", "reason") == ["completed"]

    for kind in ("Delivery", "Open", "Open"):
        road.feedback(ses_notice(kind, road.outbox[2], to_iso(road.clock.now())))
    road.deliver()
    standing = road.http(
        "GET",
        f"/profiles/{moments(road, 'JourneyEntered.v1', 'enrolments', 'profile_id')[0]}/standing",
        admin=True,
    ).json()
    assert standing["facts"]["emails_opened"] == 1
    report = road.http("GET", "/reports/summary", admin=True).json()
    assert {name: report["totals"][name] for name in ("requested", "sent", "delivered", "opened")} == {
        "requested": 3,
        "sent": 3,
        "delivered": 1,
        "opened": 1,
    }
    assert road.dead_letters() == []


def test_deliveries_come_by_the_file_and_a_bounce_by_the_topic(shop: Shop) -> None:
    road = shop.road
    first_order(shop)
    consent(shop)
    road.advance(timedelta(days=35))
    confirmation, welcome, offer = road.outbox
    now = to_iso(road.clock.now())
    bounce = ses_notice("Bounce", welcome, now)
    bounce["bounce"]["bounceType"] = "Permanent"
    queues = {name: queue for name, queue in road.fabric.queues.items() if "DeadLetters" not in name}

    road.ses_tells(
        [
            *(ses_notice(kind, sent, now) for sent in (confirmation, offer) for kind in ("Send", "Delivery")),
            bounce,
        ]
    )
    waiting = {name.split("-")[-1]: len(queue.messages) for name, queue in queues.items() if queue.messages}
    road.deliver()

    assert sorted(waiting.values()) == [1, 2], (
        waiting
    )  # one file; the bounce, and that SES took the confirmation
    told = [
        road.http("GET", f"/messages/{send_id_of(sent)}", admin=True).json()
        for sent in (confirmation, welcome, offer)
    ]
    assert ["first_delivered_at" in one for one in told] == [True, False, True]
    assert ["first_bounced_at" in one for one in told] == [False, True, False]
    assert road.dead_letters() == []
    (bucket,) = {
        arn.removeprefix("arn:aws:s3:::")
        for roads in road.stage.mail_roads.values()
        for arn in roads.values()
        if arn.startswith("arn:aws:s3:::")
    }
    assert client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.capability("001-18")
def test_from_a_send_one_gets_to_the_permission_it_relied_on(shop: Shop) -> None:
    first_order(shop)
    consent(shop)
    shop.road.advance(timedelta(days=35))

    record = shop.road.http("GET", f"/messages/{send_id_of(shop.road.outbox[-1])}", admin=True).json()

    [entry] = moments(shop.road, "ConsentChanged.v1", "changes", "entry_id")
    [profile_id] = moments(shop.road, "JourneyEntered.v1", "enrolments", "profile_id")
    assert (record["consent_entry_id"], record["profile_id"]) == (entry, profile_id)
    proof = shop.road.http("GET", f"/consents/{record['address_key']}/proof", admin=True).json()
    [relied_on] = [one for one in proof["entries"] if one["entry_id"] == record["consent_entry_id"]]
    assert (relied_on["kind"], relied_on["basis"], relied_on["intact"]) == ("granted", "double_opt_in", True)
    assert relied_on["at"] < record["claimed_at"]
    assert relied_on["text"].startswith("Yes, send me offers and news.")
    [consent_gate] = [gate for gate in record["gates"] if gate["gate"] == "consent"]
    assert consent_gate["input"] == f"granted by double_opt_in {entry}"


@pytest.mark.capability("003-22")
def test_who_asked_but_did_not_confirm_gets_no_commercial_mail(shop: Shop) -> None:
    first_order(shop)
    shop.sign_up(ANN)
    shop.road.deliver()
    for _ in range(3):  # a scanner follows the link
        assert shop.follow(link(shop.road.outbox[0], "/consents/confirm")).status == 200
    shop.road.advance(timedelta(days=35))

    assert subjects(shop.road) == ["Please confirm: Offers and news", "Thank you for your order, Ann"]
    assert moments(shop.road, "MessageSkipped.v1", "messages", "reason") == ["no_consent"]


def test_without_consent_the_offer_is_held_back_and_the_service_message_is_not(shop: Shop) -> None:
    first_order(shop)
    shop.road.advance(timedelta(days=35))

    assert subjects(shop.road) == ["Thank you for your order, Ann"]
    assert moments(shop.road, "MessageSkipped.v1", "messages", "reason") == ["no_consent"]
    assert shop.road.dead_letters() == []


def test_one_click_unsubscribe_holds_back_what_comes_after(shop: Shop) -> None:
    first_order(shop)
    consent(shop)
    shop.road.advance(timedelta(days=35))
    offer = shop.road.outbox[-1]

    path, query = url_parts(header_of(offer, "List-Unsubscribe").strip("<>"))
    answer = shop.road.http("POST", path, query=query, form={"List-Unsubscribe": "One-Click"})
    shop.road.deliver()
    shop.road.advance(timedelta(days=90))

    assert answer.status == 200
    assert moments(shop.road, "SegmentEntered.v1", "moves", "segment") == ["first_order", "no_order_90d"]
    assert moments(shop.road, "MessageSkipped.v1", "messages", "template") == ["winback"]
    assert len(shop.road.outbox) == 3
    assert shop.road.dead_letters() == []


@pytest.mark.capability("001-14")
def test_a_second_order_changes_the_way_and_begins_no_new_one(shop: Shop) -> None:
    first_order(shop)
    consent(shop)
    shop.road.advance(timedelta(days=10))
    shop.order("ann", "2", 20.5)
    shop.road.advance(timedelta(days=30))

    assert moments(shop.road, "JourneyEntered.v1", "enrolments", "journey") == ["welcome"]
    assert moments(shop.road, "JourneyExited.v1", "enrolments", "reason") == ["second_order"]
    [execution] = shop.road.fabric.executions.values()
    assert execution.path[-2:] == ["offer more?", "Done"]
    assert subjects(shop.road)[1:] == ["Thank you for your order, Ann"]


def test_a_batch_sent_twice_changes_nothing(shop: Shop) -> None:
    first_order(shop)
    shop.order("ann", "1", 11.77)
    shop.road.deliver()

    [profile] = shop.road.items("scoring", "Standings")
    assert len(shop.road.facts("SegmentEntered.v1")) == 1
    orders = [
        event["name"]
        for fact in shop.road.facts("ProfilesChanged.v1")
        for change in fact["changes"]
        for event in change["events"]
    ]
    assert orders.count("Order Completed") == 1
    assert profile


def test_everything_delivered_twice_comes_to_the_same(templates: Templates) -> None:
    with Road(templates, START, twice=True) as road:
        shop = open_shop(road)
        first_order(shop)
        consent(shop)
        road.advance(timedelta(days=35))
        road.feedback(ses_notice("Open", road.outbox[-1], to_iso(road.clock.now())))
        road.deliver()

        assert subjects(road) == [
            "Please confirm: Offers and news",
            "Thank you for your order, Ann",
            "Something for your collection",
        ]
        [profile_id] = set(moments(road, "JourneyEntered.v1", "enrolments", "profile_id"))
        facts = road.http("GET", f"/profiles/{profile_id}/standing", admin=True).json()["facts"]
        assert (facts["orders"], facts["revenue"], facts["emails_opened"]) == (1, 11.77, 1)
        totals = road.http("GET", "/reports/summary", admin=True).json()["totals"]
        assert (totals["requested"], totals["sent"], totals["opened"]) == (3, 3, 1)
        assert road.dead_letters() == []


def test_events_of_the_bus_meet_those_of_the_front_door_in_one_profile(shop: Shop) -> None:
    first_order(shop)
    now = to_iso(shop.road.clock.now())
    shop.road.put_event(
        "shop.erp",
        "Segment Message",
        {
            "type": "track",
            "event": "Order Completed",
            "messageId": "erp-1",
            "userId": "ann",
            "timestamp": now,
            "properties": {"revenue": 5.23},
        },
    )
    shop.road.deliver()

    profile_id = moments(shop.road, "JourneyEntered.v1", "enrolments", "profile_id")[0]
    standing = shop.road.http("GET", f"/profiles/{profile_id}/standing", admin=True).json()
    assert (standing["facts"]["orders"], standing["facts"]["revenue"]) == (2, 17)
    assert len(shop.road.items("ingest", "Profiles")) == 1
