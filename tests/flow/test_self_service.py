"""A newsletter, its link, the page behind it, and what comes of that: on the whole road."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.shared.clock import to_iso
from tests.support.accessible import Page, faults
from tests.support.fabric import Sent
from tests.support.road import Road
from tests.support.shop import Shop, header_of, identify, link, open_shop, publish, text_of
from tests.support.templates import Templates
from tests.support.wire import Response

START = datetime(1997, 1, 1, 12, tzinfo=UTC)
ANN, NEW = "ann@example.com", "ann@example.org"
SURVEYS = {
    "title": "Surveys",
    "channels": ["email"],
    "preference_centre": "signed_link",
    "texts": [{"version": "2026-1", "language": "en", "text": "Yes, ask me what I think of the shop."}],
}
WEEK = timedelta(days=7)
STREET = {"street": "Singel 1", "postal_code": "1012 AB", "city": "Amsterdam"}


@pytest.fixture
def shop(templates: Templates) -> Iterator[Shop]:
    with Road(templates, START) as road:
        yield with_newsletter(road)


def with_newsletter(road: Road) -> Shop:
    """Ann has signed up, ordered, and had her first newsletter."""
    shop = open_shop(road)
    publish(road, "purposes", "surveys", SURVEYS)
    shop.batch([identify("ann", ANN, "Ann", to_iso(road.clock.now()))])
    shop.order("ann", "1", 11.77)
    shop.sign_up(ANN)
    road.deliver()
    assert shop.confirm(road.outbox[-1]).status == 200
    road.advance(timedelta(days=35), schedules_every=WEEK)
    return shop


def commercial(shop: Shop) -> list[Sent]:
    return [sent for sent in shop.road.outbox if header_of(sent, "List-Unsubscribe-Post")]


def to(sent: Sent) -> str:
    return str(sent.request["Destination"]["ToAddresses"][0])


def send(shop: Shop, url: str, *untick: str, **changed: str) -> Response:
    """Open the page of a link, change something, press the button."""
    page = shop.follow(url)
    assert (page.status, faults(page.body)) == (200, [])
    fields = {**Page(page.body).fields(), **changed}
    path = "/preferences/email" if "/preferences/email" in url else "/preferences"
    answer = shop.road.http("POST", path, form={n: v for n, v in fields.items() if n not in untick})
    shop.road.deliver()
    return answer


def profile(shop: Shop, identifier: str = "userId:ann") -> dict[str, Any]:
    return dict(shop.road.http("GET", f"/profiles/{identifier}", admin=True).json())


def look(shop: Shop, address: str) -> dict[str, Any]:
    lookup = {"channel": "email", "address": address}
    return dict(shop.road.http("POST", "/consents/lookups", body=lookup, admin=True).json())


@pytest.mark.capability("003-6")
@pytest.mark.capability("003-5")
def test_by_the_link_in_a_newsletter_a_person_changes_address_permission_and_e_mail(shop: Shop) -> None:
    """Each change has its time and source in the profile; the ledger proves the permission; an address that nobody
    confirmed gets no commercial mail."""
    road = shop.road
    (newsletter,) = commercial(shop)
    url = link(newsletter, "/preferences")
    assert link(newsletter, "/consents/unsubscribe") in text_of(newsletter)
    saved_at = to_iso(road.clock.now())
    wishes = {"permit:surveys:email": "2026-1/en", "last_name": "de Wit", "email": NEW, **STREET}
    assert send(shop, url, **wishes).status == 200

    known = profile(shop)
    assert known["traits"]["email"] == ANN
    assert known["traits"]["address"] == {"street": "Singel 1", "postalCode": "1012 AB", "city": "Amsterdam"}
    for trait in ("address", "lastName"):
        kept = known["domains"]["marketing"][trait]
        assert (kept["source"], kept["at"], kept["kind"]) == ("preference-centre", saved_at, "declared")
    assert known["domains"]["marketing"]["firstName"]["source"] == "shop"

    states = {one["purpose"]: one["state"] for one in look(shop, ANN)["states"]}
    assert states == {"newsletter": "granted", "surveys": "granted"}
    key = look(shop, ANN)["address_key"]
    entry = road.http("GET", f"/consents/{key}/proof", admin=True).json()["entries"][-1]
    assert (entry["form"], entry["means"], entry["at"]) == ("preference-centre", "signed_link", saved_at)
    assert entry["text"] == SURVEYS["texts"][0]["text"]  # type: ignore[index]
    assert entry["evidence"]["address"] == ANN
    assert entry["intact"]

    (asked,) = [sent for sent in road.outbox if to(sent) == NEW]
    assert header_of(asked, "Subject") == "Please confirm your new e-mail address"
    road.advance(timedelta(hours=2))
    confirmed_at = to_iso(road.clock.now())
    assert send(shop, link(asked, "/preferences/email")).status == 200
    known = profile(shop)
    assert known["traits"]["email"] == NEW
    kept = known["domains"]["marketing"]["email"]
    assert (kept["source"], kept["at"]) == ("preference-centre", confirmed_at)
    assert profile(shop, NEW)["profile_id"] == profile(shop, ANN)["profile_id"] == known["profile_id"]

    timeline = road.http("GET", "/profiles/userId:ann/timeline", admin=True).json()["events"]
    own = {one["name"]: one for one in timeline if one["source"] == "preference-centre"}
    assert set(own) == {"identify", "Address Moved", "Preferences Updated", "Email Changed"}
    assert own["Email Changed"]["properties"]["previous"] == ANN
    assert own["Preferences Updated"]["at"] == saved_at
    assert (own["Preferences Updated"]["direction"], own["Preferences Updated"]["channel"]) == (
        "inbound",
        "web",
    )

    assert "Your e-mail address was changed" in [header_of(s, "Subject") for s in road.outbox if to(s) == ANN]
    assert [one["kind"] for one in look(shop, ANN)["history"]] == ["requested", "granted", "granted"]
    assert {one["kind"] for one in look(shop, NEW)["history"]} == {"requested"}
    before = len(road.facts("MessageSkipped.v1"))
    road.advance(timedelta(days=70), schedules_every=WEEK)
    assert commercial(shop) == [newsletter]
    skipped = [m for fact in road.facts("MessageSkipped.v1")[before:] for m in fact["messages"]]
    assert {(m["template"], m["reason"]) for m in skipped} == {("winback", "no_consent")}
    assert road.dead_letters() == []


def test_a_permission_that_is_unticked_ends_before_the_next_newsletter(shop: Shop) -> None:
    road = shop.road
    (newsletter,) = commercial(shop)
    assert send(shop, link(newsletter, "/preferences"), "permit:newsletter:email").status == 200
    road.advance(timedelta(days=70), schedules_every=WEEK)
    assert commercial(shop) == [newsletter]
    assert [one["kind"] for one in look(shop, ANN)["history"]] == ["requested", "granted", "revoked"]
    assert road.dead_letters() == []


def test_everything_twice_is_once(templates: Templates) -> None:
    """F1, F5: every hop delivers twice, and the browser sends the form again."""
    with Road(templates, START, twice=True) as road:
        shop = with_newsletter(road)
        newsletter = commercial(shop)[0]
        fields = {**Page(shop.follow(link(newsletter, "/preferences")).body).fields(), "email": NEW, **STREET}
        for _ in range(2):
            assert road.http("POST", "/preferences", form=fields).status == 200
            road.deliver()
        (asked,) = [sent for sent in road.outbox if to(sent) == NEW]
        url = link(asked, "/preferences/email")
        fields = Page(shop.follow(url).body).fields()
        for _ in range(2):
            assert road.http("POST", "/preferences/email", form=fields).status == 200
        road.deliver()
        timeline = road.http("GET", "/profiles/userId:ann/timeline", admin=True).json()["events"]
        names = sorted(one["name"] for one in timeline if one["source"] == "preference-centre")
        assert names == ["Address Moved", "Email Changed"]
        subjects = [header_of(sent, "Subject") for sent in road.outbox]
        assert subjects.count("Your e-mail address was changed") == 1
        assert shop.follow(url).status == 410
        assert road.dead_letters() == []


def test_a_fresh_link_leads_to_the_same_page_and_the_old_mailbox_to_no_person(shop: Shop) -> None:
    """Nobody takes over a profile by an address that was given up."""
    road = shop.road
    (newsletter,) = commercial(shop)
    event = {"type": "track", "event": "Email Changed", "userId": "ann", "properties": {"email": NEW}}
    road.put_event("crm", "Segment Message", {**event, "timestamp": to_iso(road.clock.now())})
    road.deliver()
    send(shop, link(newsletter, "/preferences"), **STREET)
    assert "address" not in profile(shop)["traits"]
    answers = [
        road.http("POST", "/preferences/request", form={"address": one})
        for one in (NEW, "nobody@example.com")
    ]
    assert (
        (answers[0].status, answers[0].body) == (answers[1].status, answers[1].body) == (202, answers[0].body)
    )
    road.deliver()
    (fresh,) = [s for s in road.outbox if to(s) == NEW and header_of(s, "Subject") == "Your preferences"]
    assert send(shop, link(fresh, "/preferences"), **STREET).status == 200
    assert profile(shop)["traits"]["address"]["city"] == "Amsterdam"


def test_who_confirms_another_s_address_is_nobody_who_only_typed_it(shop: Shop) -> None:
    """An address is an identifier: believed on the page, it would merge a stranger's profile into one's own."""
    road = shop.road
    shop.batch([identify("bob", "bob@example.com", "Bob", to_iso(road.clock.now()))])
    road.deliver()
    (newsletter,) = commercial(shop)
    send(shop, link(newsletter, "/preferences"), email="bob@example.com")
    road.advance(timedelta(days=1))
    assert profile(shop)["traits"]["email"] == ANN
    assert profile(shop, "userId:bob")["profile_id"] != profile(shop)["profile_id"]


@pytest.mark.capability("000-27")
def test_a_pause_that_was_chosen_on_the_page_keeps_the_next_newsletter(shop: Shop) -> None:
    """From the form by the profile to delivery's gate; what else was chosen is with delivery too."""
    road = shop.road
    (newsletter,) = commercial(shop)
    url, saved_at = link(newsletter, "/preferences"), to_iso(road.clock.now())
    until = road.clock.now() + timedelta(days=100)
    wishes = {
        "per_week": "1",
        "quiet_from": "22:00",
        "quiet_until": "08:00",
        "channel": "sms",
        "locale": "nl",
    }
    assert send(shop, url, pause_until=f"{until:%Y-%m-%d}", **wishes).status == 200
    known = profile(shop)
    kept = known["domains"]["marketing"]["pausedUntil"]
    assert (kept["source"], kept["at"], kept["kind"]) == ("preference-centre", saved_at, "declared")
    question = {"ask": "describe", "profile_ids": [known["profile_id"]], "addresses": [], "at": saved_at}
    contact = road.ask_person("delivery", question)["stores"]["contact"]
    assert (contact["per_week"], contact["quiet_hours"], contact["time_zone"]) == (
        1,
        "22:00-08:00",
        "Europe/Amsterdam",
    )
    assert (contact["preferred_channel"], contact["locale"]) == ("sms", "nl")
    before = len(road.facts("MessageSkipped.v1"))
    road.advance(timedelta(days=70), schedules_every=WEEK)
    assert commercial(shop) == [newsletter]
    skipped = [m for fact in road.facts("MessageSkipped.v1")[before:] for m in fact["messages"]]
    assert {(m["template"], m["reason"]) for m in skipped} == {("winback", "paused")}
    assert road.dead_letters() == []
