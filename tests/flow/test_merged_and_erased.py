"""Two customers who turn out to be one, and who then want to be forgotten, on the whole road."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.shared.clock import to_iso
from services.shared.contracts.ingest import Merge, ProfileChange, ProfilesChanged, ProfilesMerged
from tests.support.road import Road
from tests.support.shop import Shop, header_of, identify, open_shop
from tests.support.templates import Templates

START = datetime(1997, 1, 1, 12, tzinfo=UTC)
ANN, OLD = "ann@example.com", "ann-before-6c1f@example.com"
SERVICES = ("scoring", "journeys", "delivery", "consent")
TABLES = (
    *(("scoring", name) for name in ("Standings", "Definitions")),
    *(("journeys", name) for name in ("Runtime", "Standings")),
    *(("delivery", name) for name in ("Messages", "Gates", "Reports")),
    *(("consent", name) for name in ("Ledger", "Evidence")),
)


@pytest.fixture
def shop(templates: Templates) -> Iterator[Shop]:
    with Road(templates, START) as road:
        yield open_shop(road)


def customer(shop: Shop, user: str, address: str) -> str:
    """Somebody who signs up, confirms and orders; the profile."""
    road = shop.road
    shop.batch([identify(user, address, user.title(), to_iso(road.clock.now()))])
    shop.order(user, f"order-{user}", 20)
    road.deliver()
    shop.sign_up(address)
    road.deliver()
    assert shop.confirm(road.outbox[-1]).status == 200
    road.deliver()
    return str(told(road)[-1]["profile_id"])


def told(road: Road) -> list[dict[str, Any]]:
    return [change for fact in road.facts("ProfilesChanged.v1") for change in fact["changes"]]


def merge(road: Road, loser: str, winner: str) -> None:
    """What ingest tells of a merge: the loser's events again, as the winner's, and who is who."""
    newest = max((c for c in told(road) if c["profile_id"] == winner), key=lambda c: c["version"])
    again = [
        ProfileChange.model_validate(
            {
                **newest,
                "version": newest["version"] + c["version"],
                "events": c["events"],
                "told_before": True,
            }
        )
        for c in told(road)
        if c["profile_id"] == loser
    ]
    merged = Merge(loser=loser, winner=winner, at=road.clock.now())
    for fact in (ProfilesMerged(merges=[merged]), ProfilesChanged(changes=again)):
        road.put_event(fact.source, fact.detail_type, fact.model_dump(mode="json", exclude_none=True))
    road.deliver()


def ask(road: Road, question: str, *profile_ids: str, addresses: tuple[str, ...] = ()) -> dict[str, Any]:
    """The stores of every service."""
    body = {
        "ask": question,
        "profile_ids": list(profile_ids),
        "addresses": [{"channel": "email", "address": address} for address in addresses],
        "at": to_iso(road.clock.now()),
    }
    answers = [road.ask_person(service, body) for service in SERVICES]
    assert not any(answer["more"] for answer in answers)
    return {answer["service"]: answer["stores"] for answer in answers}


def test_two_who_are_one_are_welcomed_once(shop: Shop) -> None:
    """F30: both walk the same journey when it turns out."""
    road = shop.road
    loser, winner = customer(shop, "before", OLD), customer(shop, "ann", ANN)

    merge(road, loser, winner)
    road.advance(timedelta(days=40))

    welcome = [sent for sent in road.outbox if "confirm" not in header_of(sent, "Subject")]
    assert [header_of(sent, "To") for sent in welcome] == [ANN]
    described = ask(road, "describe", winner, loser, addresses=(ANN, OLD))
    assert described["scoring"]["facts"]["orders"] == 2
    assert described["scoring"]["facts"]["revenue"] == 40
    assert [walk["reason"] for walk in described["journeys"]["journeys"]] == ["second_order"]
    assert {state["state"] for state in described["consent"]["consents"]} == {"granted"}
    assert road.dead_letters() == []


def test_who_is_erased_is_in_no_table_of_those_asked(shop: Shop) -> None:
    """F25, I7; and the neighbour's journey goes on."""
    road = shop.road
    loser, winner = customer(shop, "before", OLD), customer(shop, "ann", ANN)
    neighbour = customer(shop, "bob", "bob@example.com")
    merge(road, loser, winner)
    exported = ask(road, "export", winner, loser, addresses=(ANN, OLD))
    assert {contact["email"] for contact in exported["delivery"]["contacts"]} == {ANN}
    assert neighbour not in json.dumps(exported)

    ask(road, "erase", winner, loser, addresses=(ANN, OLD))
    road.deliver()
    ask(road, "erase", winner, loser, addresses=(ANN, OLD))
    merge(road, loser, winner)
    road.advance(timedelta(days=40))

    everything = {table: json.dumps(road.items(*table)) for table in TABLES}
    for canary in (ANN, OLD, "Before"):
        assert [table for table, text in everything.items() if canary in text] == []
    assert ask(road, "describe", winner, loser)["scoring"] == {}
    sent = [header_of(one, "To") for one in road.outbox if "confirm" not in header_of(one, "Subject")]
    assert set(sent) == {"bob@example.com"}
    assert road.dead_letters() == []
