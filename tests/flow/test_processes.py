"""Changed addresses, moves and recovery, on the whole road."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.shared.clock import to_iso
from tests.support.road import Road
from tests.support.shop import Shop, header_of, link, open_shop, text_of
from tests.support.templates import Templates

START = datetime(1997, 1, 1, 12, tzinfo=UTC)
OLD, NEW = "ann@example.com", "ann@example.org"


@pytest.fixture
def shop(templates: Templates) -> Iterator[Shop]:
    with Road(templates, START) as road:
        yield open_shop(road)


def happen(shop: Shop, kind: str, name: str = "", **rest: Any) -> None:
    """A system that may put events on the bus says something of Ann."""
    detail = {"type": kind, "userId": "ann", "timestamp": to_iso(shop.road.clock.now()), **rest}
    if kind == "track":
        detail["event"] = name
    shop.road.put_event("crm", "Segment Message", detail)
    shop.road.deliver()


def profile(shop: Shop) -> dict[str, Any]:
    return dict(shop.road.http("GET", "/profiles/userId:ann", admin=True).json())


def mailed(shop: Shop, subject: str) -> list[str]:
    return [
        sent.request["Destination"]["ToAddresses"][0]
        for sent in shop.road.outbox
        if header_of(sent, "Subject").startswith(subject)
    ]


def skipped(shop: Shop) -> list[tuple[str, str]]:
    messages = [m for fact in shop.road.facts("MessageSkipped.v1") for m in fact["messages"]]
    return [(message["template"], message["reason"]) for message in messages]


@pytest.mark.capability("003-5")
def test_a_changed_address_gets_no_commercial_mail_until_it_is_confirmed(shop: Shop) -> None:
    """Consent is about an address: the permission of the old one does not move along, delivery's gate says so."""
    road = shop.road
    happen(shop, "identify", traits={"email": OLD, "firstName": "Ann"})
    shop.order("ann", "1", 11.77)
    shop.sign_up(OLD)
    road.deliver()
    assert shop.confirm(road.outbox[-1]).status == 200
    road.deliver()
    road.advance(timedelta(days=5))
    thanked = mailed(shop, "Thank you")
    assert thanked == [OLD]

    happen(shop, "track", "Email Changed", properties={"previous": OLD, "email": NEW})
    assert profile(shop)["traits"]["email"] == NEW
    assert mailed(shop, "Your e-mail address was changed") == [OLD]
    assert "a***@example.org" in text_of(road.outbox[-2]) + text_of(road.outbox[-1])
    assert mailed(shop, "Please confirm") == [OLD, NEW]

    road.advance(timedelta(days=30))
    assert ("offer", "no_consent") in skipped(shop)
    commercial = [sent for sent in road.outbox if header_of(sent, "List-Unsubscribe-Post")]
    assert commercial == []

    states = road.http("POST", "/consents/lookups", body={"channel": "email", "address": OLD}, admin=True)
    assert [state["state"] for state in states.json()["states"]] == ["granted"]
    assert [entry["kind"] for entry in states.json()["history"]] == ["requested", "granted"]
    assert road.dead_letters() == []


def test_once_confirmed_the_new_address_gets_it(shop: Shop) -> None:
    road = shop.road
    happen(shop, "identify", traits={"email": OLD, "firstName": "Ann"})
    shop.order("ann", "1", 11.77)
    shop.sign_up(OLD)
    road.deliver()
    shop.confirm(road.outbox[-1])
    happen(shop, "identify", traits={"email": NEW})
    asked = [sent for sent in road.outbox if sent.request["Destination"]["ToAddresses"] == [NEW]]
    assert shop.confirm(asked[0]).status == 200
    road.deliver()
    road.advance(timedelta(days=35))
    commercial = [sent for sent in road.outbox if header_of(sent, "List-Unsubscribe-Post")]
    assert [sent.request["Destination"]["ToAddresses"] for sent in commercial] == [[NEW]]


def test_a_visitor_s_page_changes_nobody_s_address(shop: Shop) -> None:
    happen(shop, "identify", traits={"email": OLD})
    shop.sign_up(OLD)
    shop.road.deliver()
    shop.confirm(shop.road.outbox[-1])
    before = len(shop.road.outbox)
    forged = {
        "type": "track",
        "event": "Email Changed",
        "userId": "ann",
        "properties": {"email": "eve@example.org"},
    }
    shop.batch([forged])
    shop.road.deliver()
    assert profile(shop)["traits"]["email"] == OLD
    assert len(shop.road.outbox) == before


def test_registration_move_and_preferences_declare_traits_and_stay_in_the_history(shop: Shop) -> None:
    happen(shop, "track", "Registered", properties={"email": OLD, "firstName": "Ann", "locale": "nl-NL"})
    happen(shop, "track", "Address Moved", properties={"address": {"city": "Delft"}})
    happen(shop, "track", "Address Moved", properties={"address": {"city": "Gouda"}})
    happen(shop, "track", "Preferences Updated", properties={"preferredChannel": "sms"})
    traits = profile(shop)["traits"]
    assert traits["email"] == OLD
    assert traits["address"] == {"city": "Gouda"}
    assert (traits["firstName"], traits["preferredChannel"]) == ("Ann", "sms")
    told = [e for fact in shop.road.facts("ProfilesChanged.v1") for c in fact["changes"] for e in c["events"]]
    moves = [e["properties"]["address"]["city"] for e in told if e["name"] == "Address Moved"]
    assert moves == ["Delft", "Gouda"]


def test_account_recovery_is_a_service_message_that_needs_no_permission(shop: Shop) -> None:
    url = "https://shop.example.com/recover?t=1"
    properties = {"email": OLD, "recovery_url": url}
    for _ in range(2):
        happen(shop, "track", "Account Recovery Requested", messageId="r1", properties=properties)
    (sent,) = shop.road.outbox
    assert sent.request["Destination"]["ToAddresses"] == [OLD]
    assert link(sent, "/recover") == url
    assert header_of(sent, "List-Unsubscribe") == ""


@pytest.mark.capability("003-5")
def test_recovery_by_the_http_door_takes_a_secret_key(shop: Shop) -> None:
    """The key of a web page must not make us send mail to anybody."""
    url = "https://shop.example.com/recover?t=1"
    event = {
        "type": "track",
        "event": "Account Recovery Requested",
        "userId": "ann",
        "messageId": "r1",
        "properties": {"email": OLD, "recovery_url": url},
    }
    created = shop.road.http("PUT", "/sources/backend", body={"name": "Backend"}, admin=True).json()
    Shop(shop.road, created["write_key"]).batch([event])
    shop.road.deliver()
    assert shop.road.outbox == []
    for _ in range(2):
        assert Shop(shop.road, created["secret_key"]).batch([event]).status == 200
        shop.road.deliver()
    (sent,) = shop.road.outbox
    assert sent.request["Destination"]["ToAddresses"] == [OLD]
    assert link(sent, "/recover") == url
    assert shop.road.dead_letters() == []


def test_a_visitor_s_page_asks_for_no_recovery(shop: Shop) -> None:
    forged = {
        "type": "track",
        "event": "Account Recovery Requested",
        "userId": "ann",
        "properties": {"email": OLD, "recovery_url": "https://evil.example.com/"},
    }
    shop.batch([forged])
    shop.road.deliver()
    assert shop.road.outbox == []


def test_changes_are_passed_on_to_sinks_and_an_outage_keeps_them(shop: Shop) -> None:
    """From the profile's write to the attempt, as the templates join it; the name is one that never resolves."""
    sink = {"kind": "webhook", "url": "https://crm.invalid/hook", "filter": {"changes_of": ["email"]}}
    answer = shop.road.http("PUT", "/sinks/crm", body=sink, admin=True)
    assert (answer.status, answer.json()["secret"][:6]) == (201, "whsec_")
    happen(shop, "identify", traits={"email": OLD})
    health = shop.road.http("GET", "/sinks/crm", admin=True).json()["health"]
    assert (health["state"], health["failed"], health["last_error"]) == ("paused", 5, "unresolvable_host")
    parked = [item for item in shop.road.items("ingest", "Forwarding") if "parked_sink" in item]
    assert len(parked) == 1
    assert shop.road.dead_letters() == []
