"""Replies and complaints on the whole road: a text message confirms, STOP and a complaint end what was permitted."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from services.shared.clock import to_iso
from tests.support.road import Road
from tests.support.shop import identify, open_shop, publish, send_id_of, ses_notice
from tests.support.templates import Templates

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PHONE, MAIL = "+31612345678", "ann@example.com"
CONFIRM = {
    "class": "service",
    "channels": {
        "email": {"subject": "Please confirm", "text": "{{ confirm_url }}"},
        "sms": {"text": "Reply {{ reply_word }} or open {{ confirm_url }}"},
    },
}

NEWS = {
    "class": "commercial",
    "purpose": "newsletter",
    "channels": {"email": {"subject": "News", "text": "News. {{ unsubscribe_url }}"}},
}


def text_back(road: Road, text: str, reply_id: str) -> None:
    road.inbound({"originationNumber": PHONE, "messageBody": text, "inboundMessageId": reply_id})
    road.deliver()


@pytest.mark.capability("003-22")
def test_a_person_begins_by_text_message_and_ends_by_stop_and_by_complaint(templates: Templates) -> None:
    """F33: what is asked for after the complaint reached delivery's copy is skipped, and the ledger says why."""
    with Road(templates, START) as road:
        shop = open_shop(road, kinds=("purposes", "templates"))
        publish(road, "templates", "confirm_subscription", CONFIRM)
        publish(road, "templates", "news", NEWS)
        shop.batch([identify("ann", MAIL, "Ann", to_iso(road.clock.now()))])
        ask = {
            "purpose": "newsletter",
            "channel": "sms",
            "address": PHONE,
            "text_version": "2026-1",
            "language": "nl",
            "form": "shop@1",
        }
        assert road.http("POST", "/consents/requests", body=ask).status == 202
        road.deliver()
        sent = road.outbox[-1]
        assert sent.channel == "sms"
        word = sent.request["MessageBody"].removeprefix("Reply ").partition(" or ")[0]
        assert word.startswith("JA ")

        def states(address: str, channel: str) -> dict[str, str]:
            body = {"channel": channel, "address": address}
            found = road.http("POST", "/consents/lookups", body=body, admin=True).json()["states"]
            return {one["purpose"]: one["state"] for one in found}

        text_back(road, word, "in-1")
        assert states(PHONE, "sms") == {"newsletter": "granted"}
        text_back(road, "Afmelden", "in-2")
        assert states(PHONE, "sms") == {"newsletter": "revoked", "*": "revoked"}
        assert road.fabric.opted_out == {PHONE}

        shop.sign_up(MAIL)
        road.deliver()
        assert shop.confirm(road.outbox[-1]).status == 200
        road.deliver()
        assert states(MAIL, "email") == {"newsletter": "granted"}
        profile = road.http("GET", "/profiles/userId:ann", admin=True).json()["profile_id"]

        def request(send_id: str) -> None:
            road.advance(timedelta(days=1), schedules_every=None)
            wanted = {
                "send_id": send_id,
                "template": "news",
                "channels": ["email"],
                "requested_at": to_iso(road.clock.now()),
                "profile_id": profile,
            }
            road.put_event("halte.journeys", "MessageRequested.v1", {"requests": [wanted]})
            road.deliver()

        request("snd_1")
        assert send_id_of(road.outbox[-1]) == "snd_1"
        complaint = ses_notice("Complaint", road.outbox[-1], to_iso(road.clock.now()))
        for _ in range(3):
            road.feedback(complaint)
        road.deliver()
        assert states(MAIL, "email") == {"newsletter": "revoked"}
        before = len(road.outbox)
        request("snd_2")
        assert len(road.outbox) == before
        told = json.dumps(road.facts("ComplaintsReceived.v1"))
        assert told.count("snd_1") == 1
        assert MAIL not in told
        assert road.dead_letters() == []
