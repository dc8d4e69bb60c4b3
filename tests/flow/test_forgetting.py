"""A canary on the whole road: exported whole, then erased, then nowhere; the neighbour notices nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.shared.clock import to_iso
from tests.support.fabric import Fabric
from tests.support.personal_stores import PREFIXES, STORES, Erased
from tests.support.processes import LOG
from tests.support.road import Road
from tests.support.shop import Shop, identify, open_shop, publish, ses_notice
from tests.support.templates import REGION, Templates
from tests.support.traces import bucket_texts, table_texts

START = datetime(1997, 1, 1, 12, tzinfo=UTC)
USER, MAIL, NAME, NOTE = "canary-4711", "canary.bird@example.com", "Canaria-Tweety", "canary-order-0815"
WANTED = (USER, MAIL, NAME, NOTE)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything that any function logs."""
    lines: list[str] = []
    write = LOG.write

    def keep(text: str) -> int:
        lines.append(text)
        return write(text)

    monkeypatch.setattr(LOG, "write", keep)
    return lines


@pytest.fixture
def shop(templates: Templates, said: list[str]) -> Iterator[Shop]:
    with Road(templates, START) as road:
        shop = open_shop(road)
        readers = {"consent": "newsletter", "channel": "email", "eq": "granted"}
        publish(road, "segments", "readers", {"condition": readers})
        programme = {"earn": [{"name": "purchase", "event": "Order Completed", "points": 10}]}
        assert road.http("PUT", "/loyalty/programme", body=programme, admin=True).status == 200
        live(shop, USER, MAIL, NAME, NOTE)
        live(shop, "bob", "bob@example.com", "Bob", "bob-order")
        road.advance(timedelta(days=35))
        for sent in list(road.outbox):
            for kind in ("Delivery", "Open", "Click"):
                road.feedback(ses_notice(kind, sent, to_iso(road.clock.now())))
        road.deliver()
        assert road.dead_letters() == []
        yield shop


def live(shop: Shop, user: str, address: str, name: str, number: str) -> None:
    """A customer orders, signs up, and is sent what the journeys send."""
    now = to_iso(shop.road.clock.now())
    shop.batch([{**identify(user, address, name, now), "anonymousId": f"visitor-of-{user}"}])
    shop.order(user, number, 11.77)
    shop.batch(
        [{"type": "page", "userId": user, "messageId": f"page-{user}", "timestamp": now, "name": "Home"}]
    )
    firm = {"groupId": "acme", "traits": {"stage": "start"}}
    shop.batch([{"type": "group", "userId": user, "messageId": f"group-{user}", "timestamp": now, **firm}])
    shop.road.deliver()
    shop.sign_up(address)
    shop.road.deliver()
    assert shop.confirm(shop.road.outbox[-1]).status == 200
    shop.road.deliver()


def to_be_called(road: Road, profile_id: str) -> None:
    """A task of the call centre's, which nobody has done yet."""
    call = {"subject": "Move the visit", "text": "Hello {{ first_name }}, may we come later?"}
    publish(road, "templates", "visit", {"class": "service", "channels": {"call": call}})
    request = {
        "send_id": "snd_visit",
        "template": "visit",
        "channels": ["call"],
        "requested_at": to_iso(road.clock.now()),
        "profile_id": profile_id,
    }
    road.put_event("halte.journeys", "MessageRequested.v1", {"requests": [request]})
    road.deliver()


def get(road: Road, path: str) -> Any:
    answer = road.http("GET", path, admin=True)
    assert answer.status == 200, answer.body
    return answer.json()


def waiting(fabric: Fabric) -> list[str]:
    """What stands in any queue, dead letters included, and in any execution."""
    bodies = [message.body for queue in fabric.queues.values() for message in queue.messages]
    return bodies + [json.dumps([e.input, e.status]) for e in fabric.executions.values()]


def traces(road: Road, strings: tuple[str, ...]) -> dict[str, list[str]]:
    stores = {**table_texts(REGION), **{key: [text] for key, text in bucket_texts(REGION).items()}}
    stores["queues and executions"] = waiting(road.fabric)
    found = {
        place: [s for s in strings if any(s in text for text in texts)] for place, texts in stores.items()
    }
    return {place: strings for place, strings in found.items() if strings}


def test_the_view_shows_what_every_service_knows(shop: Shop) -> None:
    view = get(shop.road, f"/profiles/{MAIL}")

    assert view == get(shop.road, f"/profiles/{view['profile_id']}")
    assert view["unavailable"] == []
    assert set(view["services"]) == {"consent", "delivery", "journeys", "scoring"}
    assert view["services"]["consent"]["consents"][0]["state"] == "granted"
    assert {"facts", "scores", "segments", "stages", "fits", "cells"} <= view["services"]["scoring"].keys()
    assert {one["journey"] for one in view["services"]["journeys"]["journeys"]} == {"welcome"}
    assert view["interactions"]["outbound"] == 2  # the confirmation belongs to an address, not to a profile


def test_a_canary_is_exported_whole_and_then_found_nowhere(shop: Shop, said: list[str]) -> None:
    """F25. What was received 35 days ago has been compacted, a visit of today has not."""
    road = shop.road
    visit = {"type": "page", "userId": USER, "messageId": "today", "timestamp": to_iso(road.clock.now())}
    phone = {"type": "identify", "userId": USER, "messageId": "phone", "traits": {"phone": "+31612345678"}}
    shop.batch([{**visit, "name": NAME}, {**phone, "timestamp": visit["timestamp"]}])
    road.deliver()
    profile_id = get(road, f"/profiles/{USER}")["profile_id"]
    to_be_called(road, profile_id)
    neighbour = {path: get(road, f"/profiles/bob{path}") for path in ("", "/timeline")}

    export = get(road, f"/profiles/{USER}/export")
    text = json.dumps(export)
    assert [string for string in (*WANTED, profile_id) if string not in text] == []
    assert "bob" not in text
    assert neighbour[""]["profile_id"] not in text
    for store in (one for one in STORES.values() if isinstance(one, Erased)):
        for place in store.exported:
            top, _, name = place.partition(".")
            assert export["services"][top][name] if name else export[top], place

    before = traces(road, WANTED)
    objects = [place.partition("/")[2] for place in before if place.endswith((".ndjson.gz", ".parquet"))]
    assert {key.partition("/")[0] for key in objects} == {"events", "lake"}
    keys = [place.partition("/")[2] for place in bucket_texts(REGION)]
    assert all(key.startswith(tuple(PREFIXES)) for key in keys)
    requested = road.http("POST", f"/profiles/{USER}/erasure", admin=True)
    assert requested.status == 202
    road.deliver()

    receipt = get(road, f"/erasures/{requested.json()['erasure_id']}")
    assert receipt["status"] == "done"
    stages = {store.stage for store in STORES.values() if isinstance(store, Erased)}
    assert {name for name, stage in receipt["stages"].items() if stage["done"]} == stages
    assert traces(road, WANTED) == {}
    assert not any(string in line for line in said for string in WANTED)
    assert road.http("GET", f"/profiles/{USER}", admin=True).status == 404
    assert [one["profile_ids"] for f in road.facts("ProfilesErased.v1") for one in f["erasures"]] == [
        [profile_id]
    ]
    assert neighbour == {path: get(road, f"/profiles/bob{path}") for path in neighbour}

    live_on = len(road.outbox)
    shop.order(USER, "replayed", 5)
    road.advance(timedelta(days=40))
    assert traces(road, WANTED) == {}
    assert not any(MAIL in json.dumps(sent.request["Destination"]) for sent in road.outbox[live_on:])
    assert road.dead_letters() == []
