"""One person, seen from every side: the view, timeline, visits, records and search over real handlers."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from services.ingest.adapters.dynamo_finder import SHARDS
from services.ingest.bootstrap import people as bootstrap
from services.shared.aws.clients import client
from services.shared.clock import to_iso
from tests.integration.ingest.answering import Answering
from tests.integration.ingest.conftest import World

BEGIN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)


def at(minutes: float) -> str:
    return to_iso(BEGIN + timedelta(minutes=minutes))


def call(kind: str, number: int, minutes: float, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "userId": "ann", "messageId": f"m-{number}", "timestamp": at(minutes), **fields}


def track(name: str, number: int, minutes: float, **properties: Any) -> dict[str, Any]:
    return call("track", number, minutes, event=name, properties=properties)


def send(world: World, *events: dict[str, Any]) -> None:
    status, answer = world.post("/v1/batch", {"batch": list(events)})
    assert status == 200, answer
    assert world.consume() == set()
    world.publish()


ANN = call(
    "identify",
    1,
    0,
    anonymousId="a-1",
    traits={"email": "Ann@Example.com", "phone": "+31612345678", "firstName": "Ann"},
)


@pytest.mark.capability("000-3")
def test_one_body_whichever_identifier_is_used(world: World) -> None:
    send(
        world,
        ANN,
        track("Order Completed", 2, 5, order_id="1", revenue=10, products=[{"product_id": "lamp"}]),
    )

    names = [
        "userId:ann",
        "ann",
        "email:ann@example.com",
        "ANN@example.com",
        "+31612345678",
        "anonymousId:a-1",
        "a-1",
    ]
    bodies = [world.admin("GET", f"/profiles/{quote(name, safe=':@+')}") for name in names]
    by_id = world.admin("GET", f"/profiles/{bodies[0][1]['profile_id']}")

    assert {status for status, _ in bodies} == {200}
    assert all(body == by_id[1] for _, body in bodies)
    view = by_id[1]
    assert {(i["kind"], i["value"]) for i in view["identifiers"]} == {
        ("userId", "ann"),
        ("email", "ann@example.com"),
        ("phone", "+31612345678"),
        ("anonymousId", "a-1"),
    }
    assert {(i["first_seen"], i["source"]) for i in view["identifiers"]} == {(at(0), "recorded")}
    assert [p["product_id"] for p in view["products_held"]] == ["lamp"]
    assert view["interactions"]["inbound"] == 1
    assert view["unavailable"] == []


def test_nobody_is_known_by_it(world: World) -> None:
    status, body = world.admin("GET", "/profiles/prf_0000")
    assert (status, body["code"]) == (404, "unknown_profile")


def test_provenance_and_quality_of_every_attribute(world: World) -> None:
    send(world, ANN)

    view = world.admin("GET", "/profiles/ann")[1]

    email = view["domains"]["marketing"]["email"]
    assert (email["value"], email["source"], email["at"]) == ("Ann@Example.com", "recorded", at(0))
    assert email["kind"] in ("declared", "observed", "imported", "derived")
    assert view["completeness"] == round(100 * (3 + 2 + 1) / 12)
    assert 90 < email["reliability"] <= 100


@pytest.mark.capability("003-1")
def test_the_email_of_an_order_leaves_the_marketing_email(world: World) -> None:
    send(
        world,
        ANN,
        track(
            "Order Completed",
            2,
            5,
            order_id="1",
            email="office@example.com",
            shipping_address={"city": "Ede"},
        ),
        track("Order Updated", 3, 9, order_id="1", email="desk@example.com"),
    )

    view = world.admin("GET", "/profiles/ann")[1]

    assert view["traits"]["email"] == "Ann@Example.com"
    assert view["domains"]["order"]["email"]["value"] == "desk@example.com"
    assert view["domains"]["order"]["shipping_address"]["value"] == {"city": "Ede"}
    assert "office@example.com" not in {i["value"] for i in view["identifiers"]}
    [told] = [c["traits"] for e in world.publish() for c in e["detail"]["changes"]] or [view["traits"]]
    assert told["email"] == "Ann@Example.com"


@pytest.mark.capability("003-7")
def test_interactions_are_counted_by_direction(world: World) -> None:
    send(world, ANN, call("page", 2, 1, name="Help"), track("Call Received", 3, 2), track("Call Made", 4, 3))
    profile_id = world.admin("GET", "/profiles/ann")[1]["profile_id"]
    outcome = {
        "type": "track",
        "event": "Email Delivered",
        "messageId": "snd-1-delivered",
        "timestamp": at(4),
        "profileId": profile_id,
        "properties": {"email_id": "snd-1", "channel": "email"},
    }
    fact = {
        "id": "e-1",
        "source": "halte.delivery",
        "detail-type": "OutcomesObserved.v1",
        "detail": {"events": [outcome]},
    }
    world.enqueue(json.dumps(fact))
    assert world.consume() == set()
    world.publish()

    counted = world.admin("GET", "/profiles/ann")[1]["interactions"]

    assert (counted["inbound"], counted["outbound"]) == (2, 2)
    assert counted["by_channel"] == {"email": 1, "phone": 2, "web": 1}
    assert counted["by_need"] == {"information": 1, "service": 1}
    newest = world.admin("GET", "/profiles/ann/timeline?limit=1")[1]["events"][0]
    assert (newest["name"], newest["direction"], newest["channel"], newest["initiator"]) == (
        "Email Delivered",
        "outbound",
        "email",
        "halte",
    )


def test_the_timeline_comes_in_pages_newest_first(world: World) -> None:
    send(world, ANN, *(track("Product Viewed", n, n, product_id=str(n)) for n in range(2, 9)))

    seen, cursor = [], ""
    while True:
        page = world.admin("GET", f"/profiles/ann/timeline?limit=3&cursor={cursor}")[1]
        seen += [event["message_id"] for event in page["events"]]
        cursor = page["cursor"]
        if not cursor:
            break

    assert seen == [f"m-{n}" for n in range(8, 0, -1)]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/profiles/ann/timeline?cursor=!!", "bad_cursor"),
        ("/profiles/ann/timeline?cursor=" + base64.urlsafe_b64encode(b'"x"').decode(), "bad_cursor"),
        ("/profiles/ann/timeline?limit=0", "bad_limit"),
        ("/profiles/ann/timeline?limit=x", "bad_limit"),
        ("/profiles/ann/records/order?cursor=" + base64.urlsafe_b64encode(b'"-1"').decode(), "bad_cursor"),
        ("/profiles?prefix=an", "bad_prefix"),
        ("/profiles", "bad_prefix"),
    ],
)
def test_what_cannot_be_asked(world: World, path: str, code: str) -> None:
    send(world, ANN)
    status, body = world.admin("GET", path)
    assert (status, body["code"]) == (400, code)


def test_visits_of_a_person(world: World) -> None:
    send(
        world,
        ANN,
        call("page", 2, 10, name="Lamp", properties={"product_id": "lamp"}),
        call("page", 3, 12, name="Cart"),
        call("page", 4, 90, name="Home"),
    )

    visits = world.admin("GET", "/profiles/ann/sessions")[1]["sessions"]

    assert [(v["last_step"], v["dwell_by_product"]) for v in visits] == [
        ("Home", {}),
        ("Cart", {"lamp": 120}),
    ]


def test_an_invoice_of_a_thousand_lines(world: World) -> None:
    """Over 32 KB in all, so it comes as several events; any order, and one of them twice."""
    lines = [{"product_id": f"p-{n}", "quantity": 1, "name": "x" * 40} for n in range(1_000)]
    parts = [lines[n : n + 200] for n in range(0, 1_000, 200)]
    events = [track("Order Completed", 2, 1, order_id="or-1", revenue=99, products=parts[0])]
    events += [
        track("Order Lines Added", n, 1, order_id="or-1", products=part)
        for n, part in enumerate(parts[1:], 3)
    ]
    send(world, ANN, events[3], events[1])
    send(world, *reversed(events))

    [order] = world.admin("GET", "/profiles/ann/records/order")[1]["records"]

    assert sorted(line["product_id"] for line in order["lines"]) == sorted(
        line["product_id"] for line in lines
    )
    brief = world.admin("GET", "/profiles/ann")[1]["records"]["order"]
    assert (brief["count"], brief["latest"][0]["line_count"]) == (1, 1_000)


def test_records_of_own_types_come_in_pages(world: World) -> None:
    send(
        world,
        ANN,
        *(track("Record Upserted", n, n, type="car", id=f"c-{n}", brand="Saab") for n in range(2, 7)),
    )

    first = world.admin("GET", "/profiles/ann/records/car?limit=3")[1]
    rest = world.admin("GET", f"/profiles/ann/records/car?limit=3&cursor={first['cursor']}")[1]

    assert [r["id"] for r in first["records"] + rest["records"]] == ["c-6", "c-5", "c-4", "c-3", "c-2"]
    assert rest["cursor"] is None


def test_search_by_the_beginning_of_an_identifier(world: World) -> None:
    people = [
        call("identify", n, 0, userId=f"u-{n}", traits={"email": f"anna{n:02}@example.com"})
        for n in range(12)
    ]
    for one in (ANN, *people, call("identify", 99, 0, userId="ANNABEL")):
        send(world, one)

    found, cursor = [], ""
    while True:
        page = world.admin("GET", f"/profiles?prefix=Anna&limit=5&cursor={cursor}")[1]
        found += [row["identifier"]["value"] for row in page["profiles"]]
        cursor = page["cursor"]
        if not cursor:
            break

    assert found == [*(f"anna{n:02}@example.com" for n in range(12)), "ANNABEL"]
    [row] = world.admin("GET", "/profiles?prefix=ann@")[1]["profiles"]
    assert row["profile_id"] == world.admin("GET", "/profiles/ann")[1]["profile_id"]


def test_a_page_of_search_reads_all_its_people_at_once(world: World) -> None:
    for n in range(20):
        send(world, call("identify", n, 0, userId=f"member-{n:02}"))
    asked: list[str] = []
    client("dynamodb").meta.events.register(
        "before-call.dynamodb", lambda model, **_: asked.append(model.name)
    )

    page = world.admin("GET", "/profiles?prefix=member&limit=20")[1]

    assert [row["identifier"]["value"] for row in page["profiles"]] == [f"member-{n:02}" for n in range(20)]
    assert asked.count("BatchGetItem") == 2  # identifiers, profiles
    assert asked.count("Query") == len(asked) - 2 == SHARDS


def test_services_describe_the_person_and_one_that_fails_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = {"scores": [{"model": "engagement", "points": 7}]}
    other = Answering(
        monkeypatch,
        {
            "consent": TimeoutError("late"),
            "journeys": {"errorMessage": "broken"},
            "scoring": {"service": "scoring", "stores": scores},
        },
        seconds=bootstrap.ANSWER_SECONDS,
    )
    send(world, ANN)

    status, view = world.admin("GET", "/profiles/ann")

    assert (status, view["services"], view["unavailable"]) == (
        200,
        {"scoring": scores},
        ["consent", "journeys"],
    )
    assert {one["function"] for one in other.asked} == {"consent", "journeys", "scoring"}
    asked = other.asked[0]
    assert (asked["ask"], asked["profile_ids"]) == ("describe", [view["profile_id"]])
    assert {(a["channel"], a["address"]) for a in asked["addresses"]} >= {("sms", "+31612345678")}
