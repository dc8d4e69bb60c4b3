"""Requests and gates through the real handlers."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from email import message_from_bytes
from email.message import Message as Mail
from threading import Barrier
from typing import Any

import pytest

from services.delivery.bootstrap.sending import sending
from services.delivery.handlers import (
    on_requests,
)
from services.shared.contracts.consent import ConfirmationRequested
from services.shared.contracts.messages import AddressedRequest
from tests.integration.delivery.steps import (
    EMAIL,
    PHONE,
    ask,
    call,
    consent,
    given_contact,
    given_templates,
    request,
)
from tests.integration.delivery.world import (
    CLOCK,
    COMMERCIAL,
    NOW,
    SERVICE,
    Context,
    World,
    sqs,
)


@pytest.mark.capability("003-21")
def test_commercial_needs_consent_and_service_does_not(ready: World) -> None:
    ask(request("snd_c"), request("snd_s", template="confirm"))

    assert ready.item("snd_c")["status"] == "skipped"
    assert ready.item("snd_c")["reason"] == "no_consent"
    assert ready.item("snd_s")["status"] == "sent"
    assert [m.send_id for m in ready.email.accepted] == ["snd_s"]


@pytest.mark.capability("001-18")
def test_a_send_records_the_consent_it_relied_on(ready: World) -> None:
    consent("granted")
    ask(request())

    status, record = call("GET", "/messages/snd_1")
    assert status == 200
    assert record["status"] == "sent"
    assert record["consent_entry_id"] == "cns_1"
    assert [(g["gate"], g["verdict"]) for g in record["gates"]] == [
        ("address", "pass"),
        ("suppression", "pass"),
        ("consent", "pass"),
        ("cap", "pass"),
    ]
    assert "cns_1" in record["gates"][2]["input"]
    assert EMAIL not in json.dumps(record)
    status, listed = call("GET", "/decisions", query={"profile": "prf_1"})
    assert [d["send_id"] for d in listed["decisions"]] == ["snd_1"]
    assert (
        listed["decisions"][0]["why"]["gates"][2] == "Permission for e-mail: granted by double_opt_in cns_1."
    )
    for journey, number in (("welcome", 1), ("another", 0)):
        asked = {"profile": "prf_1", "journey": journey, "language": "nl"}
        told = call("GET", "/decisions", query=asked)[1]["decisions"]
        assert len(told) == number
        assert all(one["why"]["summary"].startswith("Verstuurd per e-mail op 2026-03-01") for one in told)


def test_a_withdrawal_stops_everybody_who_has_the_address(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two profiles with one address: the ledger of each moves on."""
    given_contact("prf_2", email=EMAIL)
    consent("granted")
    messages = sending()._messages
    claim, both_are_about_to = messages.claim, Barrier(2, lambda: consent("revoked", 2), timeout=20)

    def claim_after_the_withdrawal(*args: Any) -> Any:
        both_are_about_to.wait()
        return claim(*args)

    monkeypatch.setattr(messages, "claim", claim_after_the_withdrawal)
    ask(request(), request("snd_2", profile_id="prf_2"))

    assert ready.email.accepted == []
    assert {ready.item(one)["reason"] for one in ("snd_1", "snd_2")} == {"no_consent"}


def test_an_overtaken_permission_and_contact_are_dropped(ready: World) -> None:
    consent("revoked", 5)
    consent("granted", 4)
    given_contact(version=7, email="new@example.com")
    given_contact(version=6, email="old@example.com")
    consent("granted", 1, address="new@example.com")
    consent("granted", 1, address="old@example.com")
    ask(request())

    assert [m.to for m in ready.email.accepted] == ["new@example.com"]


def test_the_fourth_commercial_message_of_a_day_is_held_back(ready: World) -> None:
    consent("granted")
    for i in range(5):
        ask(request(f"snd_{i}"))
    ask(request("snd_service", template="confirm"))

    assert len(ready.email.accepted) == 4
    assert [ready.item(f"snd_{i}")["status"] for i in range(5)] == ["sent"] * 3 + ["skipped"] * 2
    assert ready.item("snd_4")["reason"] == "frequency_cap"
    CLOCK.advance(timedelta(days=1))
    ask(request("snd_tomorrow"))
    assert ready.item("snd_tomorrow")["status"] == "sent"


def test_the_cap_holds_when_all_are_asked_at_once(ready: World) -> None:
    consent("granted")
    ask(*(request(f"snd_{i}") for i in range(8)))

    assert len(ready.email.accepted) == 3


def test_preferred_channel_falls_back_to_one_with_consent(ready: World) -> None:
    given_contact(version=2, email=EMAIL, phone=PHONE, preferredChannel="sms")
    consent("granted", address=EMAIL)
    ask(request(channels=["preferred"]))
    assert ready.item("snd_1")["channel"] == "email"

    consent("granted", address=PHONE, channel="sms")
    ask(request("snd_2", channels=["preferred"]))
    assert ready.item("snd_2")["channel"] == "sms"
    assert ready.sms.accepted[0].to == PHONE


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"profile_id": "prf_nobody", "requested_at": NOW - timedelta(minutes=15)}, "no_contact"),
        ({"template": "nothing"}, "unknown_template"),
        ({"channels": ["sms"]}, "no_address"),
        ({"channels": ["pigeon"]}, "no_channel"),
    ],
)
def test_everything_unsent_has_a_reason(ready: World, fields: dict[str, Any], reason: str) -> None:
    ask(request(**fields))

    assert ready.item("snd_1")["status"] == "skipped"
    assert ready.item("snd_1")["reason"] == reason


def test_a_young_request_waits_for_its_contact(ready: World) -> None:
    late, lost = request("snd_late", profile_id="prf_2"), request("snd_lost", profile_id="prf_3")
    consent("granted", address="bob@example.com")
    CLOCK.advance(timedelta(minutes=14))
    ask(late, lost, failures=1)
    assert {ready.item(m.send_id)["status"] for m in (late, lost)} == {"pending"}

    given_contact("prf_2", email="bob@example.com")
    ask(late, lost, failures=1)
    CLOCK.advance(timedelta(minutes=1))
    ask(late, lost)

    assert [m.to for m in ready.email.accepted] == ["bob@example.com"]
    assert ready.item("snd_lost")["reason"] == "no_contact"


def test_double_opt_in_goes_to_an_address_without_profile(ready: World) -> None:
    asked = AddressedRequest(
        send_id="snd_doi",
        template="confirm",
        channels=["email"],
        requested_at=NOW,
        address="new@example.com",
        params={"confirm_url": "https://x.example/c"},
    )
    for _ in range(2):
        answer = on_requests.handler(sqs(ConfirmationRequested(requests=[asked])), Context())
        assert answer == {"batchItemFailures": []}

    assert [m.to for m in ready.email.accepted] == ["new@example.com"]
    assert "https://x.example/c" in ready.email.accepted[0].content.text
    assert "new@example.com" not in json.dumps(ready.raw("messages"))


def test_the_real_adapter_sends_one_mime_message_through_ses(world: World) -> None:
    given_templates()
    given_contact()
    consent("granted")
    ask(request())

    from moto.backends import get_backend

    backend = get_backend("ses")["123456789012"]["us-east-1"]
    sent: list[Any] = backend.sent_messages
    assert len(sent) == 1
    mail: Mail = message_from_bytes(sent[0].raw_data.encode())
    assert mail["To"] == EMAIL
    assert mail["Subject"] == "News for Ann"
    assert mail["List-Unsubscribe"].startswith("<https://api.example.com/consents/unsubscribe?token=")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert world.item("snd_1")["provider_id"]


def test_templates_are_versioned_and_bad_ones_named(world: World) -> None:
    assert call("PUT", "/templates/news", COMMERCIAL)[1]["version"] == 1
    assert call("PUT", "/templates/news", COMMERCIAL)[1]["version"] == 1
    assert call("PUT", "/templates/news", {**COMMERCIAL, "purpose": "offers"})[1]["version"] == 2
    assert [t["purpose"] for t in call("GET", "/templates")[1]["templates"]] == ["offers"]
    bad = {"class": "service", "channels": {"sms": {"text": "{% if %}"}}}
    status, body = call("PUT", "/templates/bad", bad)
    assert status == 400
    assert body["code"] == "template_syntax"
    assert body["message"].startswith("channels.sms.text: ")
    assert call("PUT", "/templates/Bad", SERVICE)[0] == 400
    assert call("PUT", "/templates/bad", "{")[0] == 400
    assert call("GET", "/messages/snd_none")[0] == 404
    assert call("GET", "/decisions")[0] == 400


def test_no_handler_imports_boto3_before_it_is_called() -> None:
    names = [
        "api",
        "on_requests",
        "on_consent",
        "on_profiles_changed",
        "on_feedback",
        "on_messages_stream",
        "sweep",
    ]
    code = (
        "import sys\n"
        + "".join(f"import services.delivery.handlers.{n}\n" for n in names)
        + "sys.exit('boto3' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


@pytest.mark.capability("000-22")
def test_a_message_whose_moment_is_over_is_not_sent_and_says_why(ready: World) -> None:
    ask(
        request("snd_late", template="confirm", expires_at=NOW - timedelta(seconds=1)),
        request("snd_early", template="confirm", expires_at=NOW + timedelta(hours=1)),
    )

    late, early = ready.item("snd_late"), ready.item("snd_early")
    assert (late["status"], late["reason"]) == ("skipped", "moment_over")
    assert early["status"] == "sent"


@pytest.mark.capability("003-25")
def test_a_proposition_that_is_over_is_not_put_any_more(ready: World) -> None:
    consent("granted")
    ask(
        request("snd_over", proposition="loan", proposition_until=NOW),
        request("snd_valid", proposition="loan", proposition_until=NOW + timedelta(hours=1)),
    )

    over, valid = ready.item("snd_over"), ready.item("snd_valid")
    assert (over["status"], over["reason"]) == ("skipped", "proposition_over")
    assert valid["status"] == "sent"


def test_what_a_walk_keeps_is_there_for_the_template(ready: World) -> None:
    cart = "{% for line in walk.lines %}{{ line.name }} ({{ line.amount }}); {% endfor %}"
    channels = {"email": {"subject": "Cart {{ walk.cart_id }}", "text": cart}}
    assert call("PUT", "/templates/cart", {"class": "service", "channels": channels})[0] == 200
    walk = {"cart_id": "c-17", "lines": [{"name": "Tea", "amount": 2}, {"name": "<b>Cake", "amount": 1}]}
    ask(request(template="cart", params={"walk": walk}))

    (sent,) = ready.email.accepted
    assert sent.content.subject == "Cart c-17"
    assert sent.content.text.startswith("Tea (2); <b>Cake (1);")
    assert "params" not in ready.item("snd_1")  # what was sent needs them no more


@pytest.mark.capability("003-21")
def test_a_template_that_sells_is_no_service_message(ready: World) -> None:
    status, answer = call("PUT", "/landing-pages", {"pages": ["https://shop.example.com/sale*"]})
    assert (status, answer["breaches"]) == (200, {})
    selling = {
        "class": "service",
        "channels": {"email": {"subject": "s", "text": "See https://shop.example.com/sale/x {{ offers }}"}},
    }

    status, answer = call("PUT", "/templates/order", selling)
    assert (status, answer["code"]) == (400, "service_promotes")
    assert "channels.email.text: https://shop.example.com/sale/x leads to a landing page" in answer["message"]
    assert "channels.email.text: offers is a block" in answer["message"]
    assert call("PUT", "/landing-pages", {"pages": []})[0] == 200
    selling["channels"]["email"]["text"] = "See https://shop.example.com/sale/x"  # type: ignore[index]
    assert call("PUT", "/templates/order", selling)[0] == 200
    _, answer = call("PUT", "/landing-pages", {"pages": ["https://shop.example.com/sale*"]})
    assert list(answer["breaches"]) == ["order"]
    assert call("GET", "/landing-pages")[1] == {"pages": ["https://shop.example.com/sale*"]}
    assert "birthday" in call("GET", "/service-kinds")[1]["kinds"]
    assert "#landing-pages" not in {t["name"] for t in call("GET", "/templates")[1]["templates"]}


@pytest.mark.capability("003-21")
def test_no_journey_puts_a_proposition_in_a_service_message(ready: World) -> None:
    consent("granted")
    ask(request("snd_s", template="confirm", proposition="loan"), request("snd_c", proposition="loan"))

    service, commercial = ready.item("snd_s"), ready.item("snd_c")
    assert (service["status"], service["reason"]) == ("skipped", "service_promotes")
    assert commercial["status"] == "sent"


@pytest.mark.capability("003-21")
@pytest.mark.parametrize("message_class", ["ideal", "charity"])
def test_ideal_and_charity_need_permission_as_commercial_does(ready: World, message_class: str) -> None:
    assert call("PUT", "/templates/cause", {**COMMERCIAL, "class": message_class})[0] == 200
    ask(request("snd_1", template="cause"))
    assert (ready.item("snd_1")["status"], ready.item("snd_1")["reason"]) == ("skipped", "no_consent")
    consent("granted")
    ask(*(request(f"snd_{n}", template="cause" if n % 2 else "news") for n in range(2, 6)))

    items = [ready.item(f"snd_{n}") for n in range(2, 6)]
    assert sorted(item["status"] for item in items) == ["sent", "sent", "sent", "skipped"]
    assert [item["reason"] for item in items if "reason" in item] == ["frequency_cap"]
    assert ready.email.accepted[0].unsubscribe_url


def test_what_lapses_is_not_sent_from_that_moment_on(ready: World) -> None:
    consent("granted", until=NOW + timedelta(minutes=1))
    ask(request("snd_1"))
    CLOCK.advance(timedelta(minutes=1))
    ask(request("snd_2"))

    late = ready.item("snd_2")
    assert ready.item("snd_1")["status"] == "sent"
    assert (late["status"], late["reason"]) == ("skipped", "no_consent")
    assert late["gates"][-1]["input"] == "expired cns_1"


def test_a_soft_opt_in_needs_a_way_to_object_in_each_message(ready: World) -> None:
    given_contact(version=2, email=EMAIL, phone=PHONE)
    consent("granted", address=PHONE, channel="sms", basis="soft_opt_in")
    ask(request("snd_1", channels=["sms"]))
    way_out = {**COMMERCIAL, "channels": {"sms": {"text": "Shoes. Reply STOP to stop"}}}
    assert call("PUT", "/templates/shoes", way_out)[0] == 200
    ask(request("snd_2", channels=["sms"], template="shoes"))

    assert ready.item("snd_1")["reason"] == "no_consent"
    assert "needs a way to object" in ready.item("snd_1")["gates"][-1]["input"]
    assert ready.item("snd_2")["status"] == "sent"
