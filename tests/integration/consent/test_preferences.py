"""The preference centre: the real handlers on moto, pages as a person without script uses them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.consent.handlers import on_profiles_changed
from services.shared.aws.clients import client
from services.shared.clock import to_iso
from services.shared.tokens import PREFERENCES, sign
from tests.integration.consent.conftest import START, TEXT, World
from tests.integration.consent.test_addresses import change, deliver, tell
from tests.support.accessible import Page, faults

ANN, NEW = "ann@example.com", "ann@example.org"
BOX, SMS_BOX = "permit:newsletter:email", "permit:newsletter:sms"
STREET = {"street": "Singel 1", "postal_code": "1012 AB", "city": "Amsterdam"}


def link(
    world: World, address: str = ANN, *, phone: str = "", days: int = 60, secret: str = "token-secret"
) -> str:
    """The token in a newsletter to `address`."""
    claims = {"channel": "email", "email_key": world.key(address), "send_id": "snd_1"}
    if phone:
        claims["sms_key"] = world.key(phone, "sms")
    return sign(secret, PREFERENCES, claims, world.clock.now() + timedelta(days=days))


def open_page(world: World, token: str, path: str = "/preferences", language: str = "en") -> dict[str, Any]:
    return world.call(f"GET {path}", query={"token": token}, headers={"accept-language": language})


def send(world: World, token: str, *untick: str, **changed: str) -> dict[str, Any]:
    """Open the page, change something and press the button."""
    fields = {**Page(open_page(world, token)["body"]).fields(), **changed}
    return world.form("POST /preferences", {n: v for n, v in fields.items() if n not in untick})


def tick(world: World, purpose: str = "newsletter", channel: str = "email") -> dict[str, str]:
    return {f"permit:{purpose}:{channel}": "2026-1/en"}


def known(world: World, email: str = ANN, version: int = 1, **rest: Any) -> None:
    tell(world, change(world, version, email, "identify", **rest))


def changes(world: World) -> list[dict[str, Any]]:
    facts = [one for fact in world.published for one in fact.get("changes", []) if "change_id" in one]
    return list({one["change_id"]: one for one in facts}.values())


def mails(world: World, template: str) -> list[dict[str, Any]]:
    world.pump()
    sent = [m for f in world.published for m in f.get("requests", []) if m["template"] == template]
    return list({m["send_id"]: m for m in sent}.values())


def state(world: World, purpose: str = "newsletter", address: str = ANN, channel: str = "email") -> str:
    states = world.look(address, channel)["states"]
    return next((s["state"] for s in states if (s["purpose"], s["channel"]) == (purpose, channel)), "")


def allow_by_link(world: World, name: str = "news") -> None:
    texts = [{"version": "2026-1", "language": "en", "text": TEXT}]
    body = {"title": "News", "channels": ["email", "sms"], "texts": texts, "preference_centre": "signed_link"}
    assert world.json(f"PUT /purposes/{name}", body)[0] == 200


def everything(world: World) -> str:
    return repr([world.items(table) for table in ("ledger", "evidence")]) + repr(world.published)


# Permissions


@pytest.mark.capability("003-6")
def test_a_box_that_is_unticked_ends_the_permission_at_once_and_provably(world: World) -> None:
    world.granted()
    known(world)
    token = link(world)
    world.pump()
    assert send(world, token, BOX)["statusCode"] == 200
    assert state(world) == "revoked"
    (fact,) = world.pump()
    assert [one["state"] for one in fact["changes"]] == ["revoked"]
    _, proof = world.json(f"GET /consents/{world.key()}/proof")
    entry = proof["entries"][-1]
    assert (entry["kind"], entry["form"], entry["means"]) == ("revoked", "preference-centre", "page")
    assert entry["at"] == to_iso(START)
    assert entry["token_id"]
    assert entry["evidence"]["ip"] == "203.0.113.9"
    assert entry["evidence"]["reason"] == "message:snd_1"
    assert all(one["intact"] for one in proof["entries"])
    (said,) = changes(world)
    assert said["permissions"] == [{"purpose": "newsletter", "channel": "email", "state": "revoked"}]
    assert (said["address"], said["at"]) == (ANN, to_iso(START))


def test_a_tick_asks_for_double_opt_in_where_the_purpose_demands_it(world: World) -> None:
    known(world)
    assert send(world, link(world), **tick(world))["statusCode"] == 200
    assert state(world) == ""
    mail = world.mail()
    assert (mail["template"], mail["address"]) == ("confirm_subscription", ANN)
    assert world.confirm(world.mailed_token())["statusCode"] == 200
    assert state(world) == "granted"


def test_a_tick_counts_at_once_where_the_purpose_takes_a_signed_link_as_proof(world: World) -> None:
    allow_by_link(world)
    known(world)
    assert send(world, link(world), **tick(world, "news"))["statusCode"] == 200
    assert state(world, "news") == "granted"
    _, proof = world.json(f"GET /consents/{world.key()}/proof")
    (entry,) = proof["entries"]
    assert (entry["kind"], entry["means"], entry["form"]) == ("granted", "signed_link", "preference-centre")
    assert (entry["text_version"], entry["language"], entry["text"]) == ("2026-1", "en", TEXT)
    assert entry["evidence"]["address"] == ANN
    assert entry["evidence"]["profile_ref"] == "prf_1"
    assert entry["intact"]


def test_a_link_by_mail_proves_nothing_of_a_phone(world: World) -> None:
    """SMS is asked for at the number that is typed, and its message confirms it."""
    allow_by_link(world)
    known(world)
    answer = send(world, link(world), **tick(world, "news", "sms"))
    assert answer["statusCode"] == 400
    assert "mobile number" in answer["body"]
    answer = send(world, link(world), phone="+31 6 12345678", **tick(world, "news", "sms"))
    assert answer["statusCode"] == 200
    assert state(world, "news", "+31612345678", "sms") == ""
    mail = world.mail()
    assert (mail["channels"], mail["address"]) == (["sms"], "+31612345678")


def test_text_messages_can_be_ended_by_the_link_in_a_mail(world: World) -> None:
    phone = "+31612345678"
    world.ask(phone, channel="sms")
    assert world.confirm(world.mailed_token())["statusCode"] == 200
    send(world, link(world, phone=phone), SMS_BOX)
    assert state(world, address=phone, channel="sms") == "revoked"


def test_several_ticks_of_one_form_are_one_question_to_the_address(world: World) -> None:
    names = ("newsletter", "offers", "events", "samples", "surveys")
    for name in names:
        world.define(name)
    known(world)
    wanted = {name: value for one in names for name, value in tick(world, one).items()}
    send(world, link(world), **wanted)
    assert len(mails(world, "confirm_subscription")) == len(names)


def test_only_what_was_changed_on_the_page_changes(world: World) -> None:
    """Opened on Monday, decided elsewhere on Tuesday, sent on Wednesday."""
    allow_by_link(world)
    world.granted()
    known(world)
    token = link(world)
    fields = Page(open_page(world, token)["body"]).fields()
    send(world, token, BOX)
    answer = world.form("POST /preferences", {**fields, "first_name": "Ann"})
    assert answer["statusCode"] == 200
    assert state(world) == "revoked"
    assert state(world, "news") == ""


def test_a_form_sent_twice_is_once(world: World) -> None:
    """F1: the browser repeats it, also after the choice was taken back elsewhere."""
    allow_by_link(world)
    known(world)
    token = link(world)
    fields = {**Page(open_page(world, token)["body"]).fields(), **tick(world, "news"), **STREET}
    for _ in range(3):
        assert world.form("POST /preferences", fields)["statusCode"] == 200
    assert len(world.look()["history"]) == 1
    assert len(changes(world)) == 1
    send(world, token, "permit:news:email")
    world.form("POST /preferences", fields)
    assert state(world, "news") == "revoked"


def test_a_withdrawal_sent_again_ends_nothing_that_was_given_since(world: World) -> None:
    """F1: a browser restores its tabs."""
    allow_by_link(world)
    known(world)
    token = link(world)
    send(world, token, **tick(world, "news"))
    fields = Page(open_page(world, token)["body"]).fields()
    del fields["permit:news:email"]
    for _ in range(2):
        assert world.form("POST /preferences", fields)["statusCode"] == 200
    send(world, token, **tick(world, "news"))
    assert world.form("POST /preferences", fields)["statusCode"] == 200
    assert [entry["kind"] for entry in world.look()["history"]] == ["granted", "revoked", "granted"]


def test_a_form_can_not_speak_for_addresses_the_link_does_not_name(world: World) -> None:
    known(world)
    before = world.items("ledger")
    answer = send(world, link(world), shown="newsletter:sms:1,nothing:email:1,::,x")
    assert answer["statusCode"] == 200
    assert world.items("ledger") == before


def test_over_its_limit_an_address_is_asked_no_more_and_told_the_same(world: World) -> None:
    known(world)
    answers = []
    for minute in range(4):
        world.clock.advance(timedelta(minutes=minute))
        answers.append(send(world, link(world), **tick(world)))
    assert len({answer["body"] for answer in answers}) == 1
    assert len(mails(world, "confirm_subscription")) == 3
    assert len(changes(world)) == 3


def test_a_text_that_was_retired_meanwhile_is_not_agreed_to(world: World) -> None:
    known(world)
    fields = {**Page(open_page(world, link(world))["body"]).fields(), **tick(world)}
    texts = [{"version": "2026-2", "language": "en", "text": "Another text for the newsletter."}]
    world.json("PUT /purposes/newsletter", {"title": "N", "channels": ["email"], "texts": texts})
    answer = world.form("POST /preferences", fields)
    assert answer["statusCode"] == 400
    assert "The text changed meanwhile" in answer["body"]
    assert world.look()["history"] == []


# What the profile says


@pytest.mark.capability("003-6")
def test_name_address_and_language_become_a_fact_with_time_and_address(world: World) -> None:
    known(world)
    send(world, link(world), first_name=" Ann ", last_name="de Wit", country="NL", locale="nl", **STREET)
    (said,) = changes(world)
    assert said["traits"] == {
        "firstName": "Ann",
        "lastName": "de Wit",
        "address": {"street": "Singel 1", "postalCode": "1012 AB", "city": "Amsterdam", "country": "NL"},
        "locale": "nl",
    }
    assert said["permissions"] == []


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"city": "Delft"}, "street", "street, postal code and town"),
        ({"first_name": "A" * 101}, "first_name", "at most 100"),
        ({"first_name": "A\u0000nn"}, "first_name", "at most 100"),
        ({"email": "no address"}, "email", "like name@example.com"),
        ({"email": "ann@example.com\nbcc: eve@example.com"}, "email", "like name@example.com"),
    ],
)
def test_a_form_with_a_mistake_comes_back_whole_and_changes_nothing(
    world: World, fields: dict[str, str], field: str, words: str
) -> None:
    world.granted()
    known(world)
    before = everything(world)
    answer = send(world, link(world), BOX, last_name='"><b>de Wit', **fields)
    assert answer["statusCode"] == 400
    assert everything(world) == before
    assert faults(answer["body"]) == []
    page = Page(answer["body"])
    assert words in answer["body"]
    assert f"#f-{field}" in {a.attributes["href"] for a in page.all("a")}
    again = page.fields()
    assert again["last_name"] == '"><b>de Wit'
    assert BOX not in again
    summary = next(e for e in page.elements if e.attributes.get("role") == "alert")
    assert page.elements.index(summary) < page.elements.index(page.all("form")[0])


def test_who_is_nobody_s_latest_address_changes_permissions_only(world: World) -> None:
    """The mailbox of a former employer: its old newsletters lead to no profile any more."""
    world.granted()
    known(world)
    token = link(world)
    tell(world, change(world, 2, NEW))
    page = open_page(world, token)["body"]
    assert 'name="first_name"' not in page
    assert "preferences/request" in page
    world.published.clear()
    send(world, token, BOX, first_name="Eve", email="eve@example.com")
    assert state(world) == "revoked"
    assert changes(world) == []
    assert mails(world, "confirm_new_address") == []


def test_of_merged_profiles_only_the_winner_s_latest_address_leads_to_the_person(world: World) -> None:
    known(world)
    known(world, NEW, profile_id="prf_2")
    merged = {"merges": [{"loser": "prf_1", "winner": "prf_2", "at": to_iso(START)}]}
    deliver(on_profiles_changed, "ProfilesMerged.v1", merged)
    assert 'name="first_name"' not in open_page(world, link(world))["body"]
    assert 'name="first_name"' in open_page(world, link(world, NEW))["body"]
    known(world, version=9, since=8)
    assert 'name="first_name"' in open_page(world, link(world))["body"]


def test_the_address_of_both_merged_profiles_stays_the_winner_s(world: World) -> None:
    known(world, profile_id="prf_2")
    known(world)
    merged = {"merges": [{"loser": "prf_1", "winner": "prf_2", "at": to_iso(START)}]}
    deliver(on_profiles_changed, "ProfilesMerged.v1", merged)
    send(world, link(world), **STREET)
    assert len(changes(world)) == 1


# When, how often, where


@pytest.mark.capability("000-27")
def test_when_and_how_often_become_traits_with_their_time_zone(world: World) -> None:
    known(world)
    send(
        world,
        link(world),
        channel="sms",
        per_week="2",
        quiet_from="22:00",
        quiet_until="08:00",
        zone="America/New_York",
        pause_until="2026-03-10",
    )
    (said,) = changes(world)
    assert said["traits"] == {
        "preferredChannel": "sms",
        "frequency": 2,
        "quietHours": "22:00-08:00",
        "timezone": "America/New_York",
        "pausedUntil": "2026-03-10T04:00:00.000Z",
    }


def test_what_was_wished_can_be_ended(world: World) -> None:
    known(world)
    send(world, link(world), per_week="0", quiet_from="none", resume="1", pause_until="2026-03-10")
    (said,) = changes(world)
    assert said["traits"] == {"frequency": 0, "quietHours": "none", "pausedUntil": to_iso(START)}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"quiet_from": "22:00"}, "quiet_until"),
        ({"quiet_until": "22:00"}, "quiet_until"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "quiet_until"),
        ({"quiet_from": "22:01", "quiet_until": "08:00"}, "quiet_until"),
        ({"pause_until": "2026-03-01"}, "pause_until"),
        ({"pause_until": "2027-03-20"}, "pause_until"),
        ({"pause_until": "tomorrow"}, "pause_until"),
        ({"pause_until": "2026-02-30"}, "pause_until"),
        ({"pause_until": "9999-12-31"}, "pause_until"),
        ({"pause_until": "0001-01-01"}, "pause_until"),
    ],
)
def test_a_time_that_is_none_comes_back_with_what_is_wrong(
    world: World, fields: dict[str, str], field: str
) -> None:
    known(world)
    answer = send(world, link(world), first_name="Ann", **fields)
    assert answer["statusCode"] == 400
    assert faults(answer["body"]) == []
    page = Page(answer["body"])
    hrefs = [a.attributes["href"] or "" for a in page.all("a")]
    assert [href for href in hrefs if href.startswith("#")] == [f"#f-{field}"]
    assert changes(world) == []


@pytest.mark.capability("000-27")
def test_a_new_number_is_the_person_s_once_they_confirm_it_there(world: World) -> None:
    """The permission at the old number stands and the new one has its own; both are proven."""
    old, new = "+31612345678", "+31687654321"
    known(world)
    send(world, link(world), phone=old, **tick(world, channel="sms"))
    assert world.confirm(world.mailed_token())["statusCode"] == 200
    world.clock.advance(timedelta(hours=1))
    send(world, link(world, phone=old), phone=new)
    mail = world.mail()
    assert (mail["channels"], mail["address"]) == (["sms"], new)
    world.pump()
    assert [one["phone"] for one in changes(world) if one["phone"]] == [old]
    world.confirm(world.mailed_token())
    world.pump()
    said = [one for one in changes(world) if one["phone"]]
    assert [(one["address"], one["phone"], one["at"]) for one in said] == [
        (ANN, old, to_iso(START)),
        (ANN, new, to_iso(START + timedelta(hours=1))),
    ]
    assert [state(world, address=one, channel="sms") for one in (old, new)] == ["granted", "granted"]


@pytest.mark.parametrize("form", ["preference-centre", "preference-centre:number"])
def test_nobody_else_s_form_makes_a_number_somebody_s(world: World, form: str) -> None:
    """Other person: whoever knows a profile's id asks for a permission at their own number, and confirms it."""
    known(world)
    world.ask("+31600000666", channel="sms", form=form, profile_ref="prf_1")
    if form == "preference-centre":
        assert world.confirm(world.mailed_token())["statusCode"] == 200
    world.pump()
    assert changes(world) == []


def test_a_number_for_nothing_comes_back(world: World) -> None:
    known(world)
    answer = send(world, link(world), phone="+31612345678")
    assert answer["statusCode"] == 400
    assert "Tick what to send to this number" in answer["body"]
    assert mails(world, "confirm_subscription") == []


# A new address


@pytest.mark.capability("003-5")
def test_a_new_address_counts_once_its_mail_is_read(world: World) -> None:
    world.granted()
    known(world)
    send(world, link(world), email=NEW)
    assert changes(world) == []
    (mail,) = mails(world, "confirm_new_address")
    assert mail["address"] == NEW
    url = urlsplit(mail["params"]["confirm_url"])
    token = parse_qs(url.query)["token"][0]
    assert NEW not in mail["params"]["confirm_url"]
    page = open_page(world, token, url.path)
    assert "a***@example.org" in page["body"]
    assert faults(page["body"]) == []
    world.clock.advance(timedelta(hours=1))
    for _ in range(2):
        assert world.form("POST /preferences/email", Page(page["body"]).fields())["statusCode"] == 200
    (said,) = changes(world)
    assert (said["address"], said["email"]) == (ANN, NEW)
    assert said["at"] == to_iso(START + timedelta(hours=1))


def token_for_new_address(world: World, email: str = NEW) -> str:
    send(world, link(world), email=email)
    return parse_qs(urlsplit(mails(world, "confirm_new_address")[-1]["params"]["confirm_url"]).query)[
        "token"
    ][0]


def test_only_the_last_new_address_asked_for_can_be_confirmed(world: World) -> None:
    known(world)
    first, second = token_for_new_address(world, "typo@example.org"), token_for_new_address(world)
    assert open_page(world, first, "/preferences/email")["statusCode"] == 410
    assert open_page(world, second, "/preferences/email")["statusCode"] == 200
    world.clock.advance(timedelta(days=3))
    assert open_page(world, second, "/preferences/email")["statusCode"] == 410


def test_a_new_address_waits_for_nobody_once_the_address_was_changed(world: World) -> None:
    known(world)
    token = token_for_new_address(world)
    tell(world, change(world, 2, "other@example.org"))
    assert open_page(world, token, "/preferences/email")["statusCode"] == 410
    answer = world.form("POST /preferences/email", {"token": token, "nonce": "0" * 64})
    assert answer["statusCode"] == 410


def test_new_addresses_are_no_mail_bomb(world: World) -> None:
    known(world)
    for number in range(6):
        assert send(world, link(world), email=f"a{number}@example.org")["statusCode"] == 200
    assert len(mails(world, "confirm_new_address")) == 3
    world.clock.advance(timedelta(days=1))
    for number in range(4):
        known(world, f"p{number}@example.com", profile_id=f"prf_{number}x")
        send(world, link(world, f"p{number}@example.com"), email="victim@example.org")
    to_victim = [m for m in mails(world, "confirm_new_address") if m["address"] == "victim@example.org"]
    assert len(to_victim) == 3


# Links


@pytest.mark.capability("003-6")
def test_get_and_head_change_nothing_and_neither_does_a_form_as_it_was_shown(world: World) -> None:
    """Scanners fetch every link, and some send forms."""
    world.granted()
    known(world)
    token = link(world)
    new = token_for_new_address(world)
    before = everything(world)
    for path, query in (("/preferences", token), ("/preferences/email", new), ("/preferences/request", "")):
        for method in ("GET", "HEAD"):
            answer = world.call(f"{method} {path}", query={"token": query})
            assert answer["statusCode"] == 200
            assert "frame-ancestors 'none'" in answer["headers"]["Content-Security-Policy"]
            assert answer["headers"]["Cache-Control"] == "no-store"
    assert "Nothing was changed" in send(world, token)["body"]
    assert everything(world) == before


@pytest.mark.parametrize("language", ["en", "nl"])
def test_every_page_can_be_used_by_everybody(world: World, language: str) -> None:
    world.granted()
    known(world)
    new = token_for_new_address(world)
    pages = [
        open_page(world, link(world), language=language),
        open_page(world, new, "/preferences/email", language),
        open_page(world, "", "/preferences/request", language),
        open_page(world, "forged", language=language),
        open_page(world, link(world, "nobody@example.com"), language=language),
    ]
    for page in pages:
        assert faults(page["body"]) == []
        assert f'<html lang="{language}">' in page["body"]
        assert ANN not in page["body"]
    assert "a***@example.com" in pages[0]["body"]


def test_broken_links_lead_to_a_fresh_one(world: World) -> None:
    known(world)
    token = link(world, days=1)
    fields = Page(open_page(world, token)["body"]).fields()
    assert world.form("POST /preferences", {**fields, "nonce": "0" * 64})["statusCode"] == 400
    assert world.form("POST /preferences", {**fields, "page": "x"})["statusCode"] == 400
    assert open_page(world, token[:-1] + "0")["statusCode"] == 400
    unsubscribe = sign("token-secret", "unsubscribe", {"channel": "email"}, START + timedelta(days=1))
    assert open_page(world, unsubscribe)["statusCode"] == 400
    world.clock.advance(timedelta(days=1))
    for answer in (open_page(world, token), world.form("POST /preferences", fields)):
        assert answer["statusCode"] == 410
        assert 'href="preferences/request"' in answer["body"]


def test_links_outlive_one_rotation_of_the_key(world: World) -> None:
    """F42."""
    known(world)
    token = link(world)
    client("secretsmanager").put_secret_value(SecretId=world.token_arn, SecretString="second-secret")
    from services.shared.aws import secrets

    secrets._kept.clear()
    assert open_page(world, token)["statusCode"] == 200
    assert send(world, token, **STREET)["statusCode"] == 200
    client("secretsmanager").put_secret_value(SecretId=world.token_arn, SecretString="third-secret")
    secrets._kept.clear()
    assert open_page(world, token)["statusCode"] == 400


def test_a_fresh_link_is_sent_to_known_and_unknown_alike(world: World) -> None:
    known(world)
    ask = [world.form("POST /preferences/request", {"address": one}) for one in (ANN, "nobody@example.com")]
    assert ask[0] == ask[1]
    assert ask[0]["statusCode"] == 202
    sent = mails(world, "preferences_link")
    assert [m["address"] for m in sent] == [ANN, "nobody@example.com"]
    for mail, fields in zip(sent, (True, False), strict=True):
        page = open_page(world, parse_qs(urlsplit(mail["params"]["preferences_url"]).query)["token"][0])
        assert page["statusCode"] == 200
        assert ('name="first_name"' in page["body"]) is fields


def test_whoever_asked_for_a_link_can_sign_up_with_it(world: World) -> None:
    world.form("POST /preferences/request", {"address": "bob@example.com"})
    token = parse_qs(urlsplit(mails(world, "preferences_link")[0]["params"]["preferences_url"]).query)[
        "token"
    ][0]
    send(world, token, **tick(world))
    assert world.mail()["address"] == "bob@example.com"
    world.clock.advance(timedelta(days=1))
    assert open_page(world, token)["statusCode"] == 410


def test_a_tick_for_an_address_that_is_forgotten_needs_a_fresh_link(world: World) -> None:
    answer = send(world, link(world, "gone@example.com"), **tick(world))
    assert answer["statusCode"] == 400
    assert "you need a fresh link" in answer["body"]
    assert mails(world, "confirm_subscription") == []


def test_asking_for_links_is_limited_by_address_and_by_sender(world: World) -> None:
    for minute in range(5):
        world.clock.advance(timedelta(minutes=minute))
        assert world.form("POST /preferences/request", {"address": ANN})["statusCode"] == 202
    assert len(mails(world, "preferences_link")) == 3
    for number in range(30):
        world.form("POST /preferences/request", {"address": f"a{number}@example.com"})
    assert len(mails(world, "preferences_link")) <= 3 + 20
    refused = world.form("POST /preferences/request", {"address": "no address"})
    assert refused["statusCode"] == 400
    assert faults(refused["body"]) == []


# Forgetting


def test_an_erased_person_s_mailbox_leads_nowhere(world: World) -> None:
    from services.consent.handlers import person
    from tests.integration.consent.conftest import CONTEXT

    known(world)
    token = token_for_new_address(world)
    world.form("POST /preferences/request", {"address": ANN})
    question = {
        "profile_ids": ["prf_1"],
        "addresses": [{"channel": "email", "address": ANN}],
        "at": to_iso(START),
    }
    export = person.handler({**question, "ask": "export"}, CONTEXT)
    assert export["stores"]["new_addresses"] == {"prf_1": NEW}
    person.handler({**question, "ask": "erase"}, CONTEXT)
    known(world, version=5)
    text = repr(world.items("evidence"))
    assert ANN not in text
    assert NEW not in text
    assert open_page(world, token, "/preferences/email")["statusCode"] == 410
