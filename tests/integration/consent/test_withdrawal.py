"""Every way to withdraw, on moto: STOP by text or mail, a complaint, a whole person's objection, an event."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any, Literal

import pytest

from services.consent.bootstrap import permissions as bootstrap
from services.consent.handlers import on_complaints, on_inbound, on_profiles_changed, person
from services.consent.ports import Subject
from services.shared.clock import to_iso
from services.shared.contracts.consent import EVERY
from services.shared.contracts.delivery import Complaint, ComplaintsReceived
from services.shared.contracts.ingest import CustomerEvent, ProfileChange, ProfilesChanged
from tests.integration.consent.conftest import CONTEXT, World

PHONE, MAIL = "+31612345678", "ann@example.com"


def queued(body: Any) -> dict[str, Any]:
    return {"Records": [{"messageId": "1", "body": json.dumps(body)}]}


def heard(notice: dict[str, Any]) -> dict[str, Any]:
    return on_inbound.handler(queued({"Type": "Notification", "Message": json.dumps(notice)}), CONTEXT)


def text_back(text: str, number: str = PHONE, reply_id: str = "in-1") -> None:
    notice = {
        "originationNumber": number,
        "destinationNumber": "+12025550100",
        "messageKeyword": "KEYWORD_1",
        "messageBody": text,
        "inboundMessageId": reply_id,
        "previousPublishedMessageId": "out-1",
    }
    assert heard(notice) == {"batchItemFailures": []}


def mail_back(text: str, sender: str = MAIL, encoding: str = "UTF-8", **verdicts: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Ann <{sender}>", "news@example.com", "Re: News"
    if "auto" in verdicts:
        message["Auto-Submitted"] = verdicts.pop("auto")
    message.set_content(text)
    raw = message.as_bytes()
    content = base64.b64encode(raw).decode() if encoding == "BASE64" else raw.decode()
    notice = {
        "notificationType": "Received",
        "mail": {
            "messageId": "in-mail-1",
            "commonHeaders": {"from": [f"Ann <{sender}>"], "subject": "Re: News"},
        },
        "receipt": {
            **{f"{name}Verdict": {"status": status} for name, status in verdicts.items()},
            "action": {"type": "SNS", "encoding": encoding},
        },
        "content": content,
    }
    assert heard(notice) == {"batchItemFailures": []}


def complaint(
    world: World,
    purpose: str,
    send_id: str = "snd_1",
    means: Literal["complaint", "unsubscribe"] = "complaint",
) -> None:
    one = Complaint(
        send_id=send_id,
        address_key=world.key(),
        channel="email",
        purpose=purpose,
        at=world.clock.now(),
        means=means,
    )
    event = ComplaintsReceived(complaints=[one])
    body = {
        "source": event.source,
        "detail-type": event.detail_type,
        "detail": event.model_dump(mode="json"),
    }
    assert on_complaints.handler(queued(body), CONTEXT) == {"batchItemFailures": []}


def tell(
    world: World,
    name: str,
    message_id: str = "m1",
    traits: dict[str, Any] | None = None,
    version: int = 1,
    **said: Any,
) -> None:
    at = said.pop("at", world.clock.now())
    change = ProfileChange(
        profile_id="prf_1",
        version=version,
        at=world.clock.now(),
        events=[CustomerEvent(message_id=message_id, type="track", name=name, at=at, properties=said)],
        traits=traits or {"email": MAIL, "phone": PHONE},
        traits_version=version,
        told_before=bool(said.pop("told_before", False)),
    )
    fact = ProfilesChanged(changes=[change])
    body = {"source": fact.source, "detail-type": fact.detail_type, "detail": fact.model_dump(mode="json")}
    assert on_profiles_changed.handler(queued(body), CONTEXT) == {"batchItemFailures": []}


def granted_by_text(world: World, number: str = PHONE) -> None:
    world.ask(number, channel="sms")
    text_back(world.mail()["params"]["reply_word"], number, reply_id=to_iso(world.clock.now()))


def states(world: World, address: str = MAIL, channel: str = "email") -> dict[str, str]:
    return {one["purpose"]: one["state"] for one in world.look(address, channel)["states"]}


def told_changes(world: World) -> list[tuple[str, str]]:
    return [(c["purpose"], c["state"]) for fact in world.pump() for c in fact.get("changes", [])]


@pytest.mark.capability("003-22")
def test_a_text_message_with_the_code_gives_the_permission_once(world: World) -> None:
    world.ask(PHONE, channel="sms")
    message = world.mail()
    assert (message["channels"], message["address"]) == (["sms"], PHONE)
    word = message["params"]["reply_word"]
    assert word.startswith("YES ")
    for wrong in ("YES", "YES ZZZZ", "JA жжжж", "no thanks", word.removeprefix("YES ")):
        text_back(wrong)
    text_back(word, "+31699999999")
    assert states(world, PHONE, "sms") == {}
    world.clock.advance(timedelta(minutes=3))
    for _ in range(3):
        text_back(word.lower(), reply_id="in-7")
    assert states(world, PHONE, "sms") == {"newsletter": "granted"}
    assert told_changes(world) == [("newsletter", "granted")]
    _, proof = world.json(f"GET /consents/{world.key(PHONE, 'sms')}/proof")
    asked, given = proof["entries"]
    assert (given["means"], given["at"]) == ("reply", "2026-03-01T12:03:00.000Z")
    assert given["evidence"]["reason"] == "reply:in-7"
    assert given["evidence"]["address"] == PHONE
    assert given["text_hash"] == asked["text_hash"]
    assert asked["evidence"] is not None
    assert given["token_id"]


def test_a_code_is_worth_nothing_after_its_time_and_after_a_withdrawal(world: World) -> None:
    world.ask(PHONE, channel="sms")
    word = world.mail()["params"]["reply_word"]
    world.clock.advance(timedelta(days=30))
    text_back(word)
    assert states(world, PHONE, "sms") == {}
    granted_by_text(world)
    used = world.mail()["params"]["reply_word"]
    text_back("stop", reply_id="in-2")
    text_back(used, reply_id="in-3")
    assert states(world, PHONE, "sms") == {"newsletter": "revoked", EVERY: "revoked"}


@pytest.mark.capability("003-22")
@pytest.mark.parametrize("word", ["STOP", "Revoke", "opt-out", "Afmelden", "uit"])
def test_stop_by_text_ends_every_purpose_of_the_number_and_nothing_else(world: World, word: str) -> None:
    world.define("offers")
    granted_by_text(world)
    world.ask(PHONE, channel="sms", purpose="offers")
    text_back(world.mail()["params"]["reply_word"], reply_id="in-offers")
    world.granted()
    world.pump()
    for _ in range(2):
        text_back(word, reply_id="in-stop")
    assert states(world, PHONE, "sms") == {"newsletter": "revoked", "offers": "revoked", EVERY: "revoked"}
    assert states(world) == {"newsletter": "granted"}
    assert told_changes(world) == [("newsletter", "revoked"), ("offers", "revoked"), (EVERY, "revoked")]
    assert world.look(PHONE, "sms")["history"][-1]["means"] == "reply"


def test_a_stop_that_is_delivered_again_does_not_undo_a_later_permission(world: World) -> None:
    """F1, F23: the queue delivers the old reply once more after the person came back."""
    granted_by_text(world)
    text_back("STOP", reply_id="in-stop")
    world.clock.advance(timedelta(days=1))
    granted_by_text(world)
    text_back("STOP", reply_id="in-stop")
    assert states(world, PHONE, "sms")["newsletter"] == "granted"
    text_back("STOP", reply_id="in-another")
    assert states(world, PHONE, "sms")["newsletter"] == "revoked"


@pytest.mark.parametrize("encoding", ["UTF-8", "BASE64"])
def test_stop_by_mail_ends_the_permissions_of_the_sender(world: World, encoding: str) -> None:
    world.granted()
    mail_back("Afmelden.\n\n> On Monday you wrote: buy!", encoding=encoding, dmarc="PASS")
    assert states(world) == {"newsletter": "revoked", EVERY: "revoked"}


def test_mail_that_is_forged_or_automatic_or_says_something_else_ends_nothing(world: World) -> None:
    world.granted()
    mail_back("STOP", dmarc="FAIL")
    mail_back("STOP", auto="auto-replied")
    mail_back("Please stop by on Monday!")
    mail_back("STOP", sender="not an address")
    assert states(world) == {"newsletter": "granted"}


@pytest.mark.parametrize(
    "body",
    [
        "nonsense",
        json.dumps({"Message": "no json"}),
        json.dumps({"Message": "[]"}),
        json.dumps({"Message": "{}"}),
    ],
)
def test_what_nobody_can_read_goes_to_the_dead_letters(world: World, body: str) -> None:
    """F20, F21."""
    answer = on_inbound.handler({"Records": [{"messageId": "7", "body": body}]}, CONTEXT)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "7"}]}


@pytest.mark.capability("003-22")
@pytest.mark.parametrize("means", ["complaint", "unsubscribe"])
def test_a_complaint_ends_what_the_message_was_sent_for(
    world: World, means: Literal["complaint", "unsubscribe"]
) -> None:
    """F19: fifty times told, once recorded; told again after a new permission, nothing."""
    world.define("offers")
    world.granted()
    world.ask(purpose="offers")
    world.confirm(world.mailed_token())
    for _ in range(50):
        complaint(world, "newsletter", means=means)
    assert states(world) == {"newsletter": "revoked", "offers": "granted"}
    last = world.look()["history"][-1]
    assert (last["means"], last["form"]) == (means, "message:snd_1")
    world.granted()
    complaint(world, "newsletter", means=means)
    assert states(world)["newsletter"] == "granted"
    complaint(world, "", "snd_2", means=means)
    assert set(states(world).values()) == {"revoked"}


@pytest.mark.capability("003-22")
def test_a_whole_person_s_objection_is_absolute_and_outlives_the_person(world: World) -> None:
    """F25: all purposes, all channels, all addresses; after the erasure only the keyed hash is left, and it holds."""
    world.define("offers")
    world.granted()
    granted_by_text(world)
    objection = {
        "addresses": [
            {"channel": "email", "address": MAIL},
            {"channel": "email", "address": "Ann@work.example"},
            {"channel": "sms", "address": PHONE},
        ],
        "reason": "letter of 1 March",
    }
    status, body = world.json("POST /consents/objections", objection)
    assert status == 200
    assert [(one["channel"], one["ended"]) for one in body["objections"]] == [
        ("email", 1),
        ("email", 0),
        ("sms", 1),
    ]
    assert all(
        one["ended"] == 0 for one in world.json("POST /consents/objections", objection)[1]["objections"]
    )
    for address, channel in ((MAIL, "email"), ("ann@work.example", "email"), (PHONE, "sms")):
        assert set(states(world, address, channel).values()) == {"revoked"}
        assert states(world, address, channel)[EVERY] == "revoked"
    key = world.key()
    addresses = [{"channel": "email", "address": MAIL}, {"channel": "sms", "address": PHONE}]
    question = {
        "ask": "erase",
        "profile_ids": ["prf_1"],
        "addresses": addresses,
        "at": to_iso(world.clock.now()),
    }
    person.handler(question, CONTEXT)
    assert MAIL not in repr([world.items(table) for table in ("ledger", "evidence")])
    assert states(world) == {"newsletter": "revoked", EVERY: "revoked"}
    _, proof = world.json(f"GET /consents/{key}/proof")
    assert proof["states_follow"]
    assert all(entry["intact"] for entry in proof["entries"])


def test_whoever_decides_on_a_permission_is_told_of_the_objection(world: World) -> None:
    """So no import and no other basis grants over it: for a purpose that was never spoken of, it is what stands."""
    ledger = bootstrap.inspection()._ledger
    subject = Subject(world.key(), "newsletter", "email")
    assert ledger.position(subject).standing is None
    contact = {"channel": "email", "address": MAIL}
    world.json("POST /consents/objections", {"addresses": [contact], "reason": "letter"})
    standing = ledger.position(subject).standing
    assert standing is not None
    assert standing.state == "revoked"
    withdrawal = {**contact, "purpose": "newsletter", "reason": "phoned"}
    assert world.json("POST /consents/revocations", withdrawal)[1]["outcome"] == "unchanged"
    assert ledger.position(replace(subject, channel="sms")).standing is None
    world.granted()
    standing = ledger.position(subject).standing
    assert standing is not None
    assert standing.state == "granted"


def test_after_an_objection_only_what_the_person_confirms_is_permitted(world: World) -> None:
    world.granted()
    world.json(
        "POST /consents/objections", {"addresses": [{"channel": "email", "address": MAIL}], "reason": "x"}
    )
    world.clock.advance(timedelta(days=1))
    world.granted()
    assert states(world) == {"newsletter": "granted", EVERY: "revoked"}


@pytest.mark.parametrize(
    "addresses", [[], [{"channel": "pigeon", "address": "x"}], [{"channel": "email", "address": "x"}]]
)
def test_an_objection_names_addresses_that_exist(world: World, addresses: list[Any]) -> None:
    status, _ = world.json("POST /consents/objections", {"addresses": addresses, "reason": "x"})
    assert status == 400


def test_a_person_objects_by_an_event_at_every_address(world: World) -> None:
    world.granted()
    granted_by_text(world)
    tell(world, "Marketing Objected")
    assert set(states(world).values()) == {"revoked"}
    assert set(states(world, PHONE, "sms").values()) == {"revoked"}
    world.clock.advance(timedelta(days=1))
    world.granted()
    tell(world, "Marketing Objected")
    assert states(world)["newsletter"] == "granted"


@pytest.mark.parametrize("objected", [True, False])
def test_a_new_address_whose_holder_objected_is_not_asked(world: World, objected: bool) -> None:
    tell(world, "Registered")
    world.granted()
    work = {"channel": "email", "address": "ann@work.example"}
    if objected:
        world.json("POST /consents/objections", {"addresses": [work], "reason": "letter"})
    world.pump()
    tell(world, "Email Changed", "m2", {"email": work["address"]}, version=2)
    asked = [m["address"] for fact in world.pump() for m in fact.get("requests", [])]
    assert asked == ([] if objected else [work["address"]])


WISH: dict[str, Any] = {
    "purpose": "newsletter",
    "text_version": "2026-1",
    "language": "en",
    "form": "app/settings@4",
}


@pytest.mark.capability("003-22")
def test_a_wish_by_an_event_is_asked_back_at_the_profile_s_own_address(world: World) -> None:
    for _ in range(3):
        tell(world, "Consent Requested", address="victim@example.com", **WISH)
    mails = [m for fact in world.pump() for m in fact["requests"]]
    assert [m["address"] for m in mails] == [MAIL]
    assert states(world) == {}
    assert world.look()["history"][0]["form"] == "app/settings@4"
    assert world.confirm(world.mailed_token())["statusCode"] == 200
    assert states(world) == {"newsletter": "granted"}
    tell(world, "Consent Requested", "m2", channel="sms", **WISH)
    assert world.mail()["address"] == PHONE


def test_a_wish_that_is_old_incomplete_or_told_again_sends_nothing(world: World) -> None:
    tell(world, "Consent Requested", at=world.clock.now() - timedelta(days=2), **WISH)
    tell(world, "Consent Requested", purpose="newsletter")
    tell(world, "Consent Requested", **{**WISH, "purpose": "unknown"})
    tell(world, "Consent Requested", traits={"firstName": "Ann"}, **WISH)
    tell(world, "Consent Requested", channel="pigeon", **WISH)
    tell(world, "Consent Requested", told_before=True, **WISH)
    assert world.pump() == []
