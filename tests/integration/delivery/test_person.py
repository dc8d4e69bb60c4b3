"""One person in delivery's tables: described, exported, erased."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from services.delivery.adapters.dynamo_ledgers import DynamoLedgers
from services.delivery.domain.protocol import Retry
from services.delivery.handlers import on_feedback, on_messages_stream, on_requests, person, sweep
from services.delivery.handlers.person import RESERVE_MS
from services.delivery.use_cases.answer_person import UNDER_WAY
from services.shared.aws.dynamo import Table
from services.shared.clock import to_iso
from services.shared.contracts.consent import ConfirmationRequested
from services.shared.contracts.journeys import MessageRequested
from services.shared.contracts.messages import AddressedRequest
from tests.integration.delivery.steps import ask as send
from tests.integration.delivery.steps import call, consent, given_contact, given_templates, request
from tests.integration.delivery.test_merged_people import LOSER, OLD, OWN, WINNER, merge
from tests.integration.delivery.world import (
    CLOCK,
    NOW,
    Context,
    World,
    key_of,
    notification,
    ses_event,
    sqs,
    workers_die_before_they_keep_it,
)

CANARY = "canary-91c4@example.com"


def ask(question: str, *profile_ids: str, address: str = "", left: int = 100_000) -> dict[str, Any]:
    event = {
        "ask": question,
        "profile_ids": list(profile_ids),
        "addresses": [{"channel": "email", "address": address}] if address else [],
        "at": to_iso(NOW),
    }
    return person.handler(event, Context(left))


@pytest.fixture
def known(world: World) -> World:
    """A person with a history, merged once, and a neighbour."""
    given_templates()
    world.fake_senders()
    given_contact(WINNER, email=CANARY, firstName="Canary")
    given_contact(LOSER, email=OLD)
    given_contact("prf_other", email=OWN, firstName="Other")
    for address in (CANARY, OLD, OWN):
        consent("granted", 1, address)
    send(request("snd_l", profile_id=LOSER), request("snd_o", profile_id="prf_other"))
    merge()
    send(request("snd_w", profile_id=WINNER, node="another"))
    return world


def test_described_with_contact_latest_messages_and_suppressions(known: World) -> None:
    on_feedback.handler(notification(ses_event("Complaint", "snd_w")), Context())

    stores = ask("describe", WINNER, LOSER)["stores"]

    assert stores["contact"]["email"] == CANARY
    assert {m["send_id"] for m in stores["messages"]} == {"snd_l", "snd_w"}
    assert {
        "suppressed": "email",
        "reason": "complained",
        "at": to_iso(NOW + timedelta(minutes=1)),
    } in stores["addresses"]
    assert ask("describe", "prf_nobody") == {"service": "delivery", "stores": {}, "more": False}


def test_exported_is_everything_and_of_nobody_else(known: World) -> None:
    answer = ask("export", WINNER, LOSER, address=OLD)

    stores = answer["stores"]
    assert [contact["email"] for contact in stores["contacts"]] == [CANARY]
    assert {m["send_id"] for m in stores["messages"]} == {"snd_l", "snd_w"}
    assert (
        stores["pressure"]
        == [{"at": "2026-03-01T12:00:00.000Z", "class": "commercial", "channel": "email"}] * 2
    )
    assert [a["state"] for a in stores["addresses"]] == ["granted", "granted"]
    assert not {"prf_other", OWN, "snd_o"} & set(json.dumps(answer).replace('"', " ").split())


def test_erased_with_everything_but_suppressions_and_counts(known: World) -> None:
    """F25: what is told late, asked for late or reported late finds the person erased; neighbours stay."""
    on_feedback.handler(notification(ses_event("Complaint", "snd_w")), Context())
    on_messages_stream.handler(known.stream(), Context())
    report = call("GET", "/reports/summary")[1]
    others = [
        i for i in known.raw("gates") + known.raw("messages") if "prf_other" in json.dumps(i, default=str)
    ]

    answer = ask("erase", WINNER, LOSER, address=OLD)
    assert answer["stores"] == {
        "contacts": 1,
        "owners": 2,
        "messages": 2,
        "pressure": 2,
        "tastes": 0,
        "work": 0,
    }
    assert ask("erase", WINNER, LOSER, address=OLD)["stores"] == {
        "contacts": 0,
        "owners": 0,
        "messages": 0,
        "pressure": 0,
        "tastes": 0,
        "work": 0,
    }
    given_contact(WINNER, version=9, email=CANARY)
    send(request("snd_late", profile_id=WINNER), request("snd_later", profile_id=LOSER))
    on_feedback.handler(notification(ses_event("Open", "snd_w")), Context())
    merge(at=NOW + timedelta(days=1))
    on_messages_stream.handler(known.stream(), Context())

    kept = {(i["pk"]["S"], i["sk"]["S"]): i for i in known.raw("gates")}
    text = json.dumps([*kept.values(), *known.raw("messages")], default=str)
    assert CANARY not in text
    assert "Canary" not in text
    assert {i["send_id"]["S"] for i in known.raw("messages")} == {"snd_o"}
    for profile_id in (WINNER, LOSER):
        assert kept[f"contact#{profile_id}", "contact"].keys() == {
            *("pk", "sk", "gone_into", "gone_at", "expires_at"),
        }
    assert (f"address#{key_of(CANARY)}", "suppressed#email") in kept
    assert (f"address#{key_of(CANARY)}", "owner") not in kept
    assert call("GET", "/reports/summary")[1] == report
    assert [
        i for i in known.raw("gates") + known.raw("messages") if "prf_other" in json.dumps(i, default=str)
    ] == others
    assert len(known.email.accepted) == 3


def test_whoever_shares_an_address_keeps_it(known: World) -> None:
    """And still hears of what changes about it, as the erased one does not."""
    given_contact("prf_other", version=2, email=CANARY)
    assert ask("erase", WINNER, LOSER, address=OLD)["stores"]["owners"] == 2
    consent("revoked", 2, CANARY)

    (owner,) = (
        i for i in known.raw("gates") if i["sk"] == {"S": "owner"} and i["pk"]["S"].endswith(key_of(CANARY))
    )
    assert (owner["profile_id"], owner["profiles"]) == ({"S": "prf_other"}, {"SS": ["prf_other"]})
    ledgers = {i["pk"]["S"]: i for i in known.raw("gates") if i["sk"] == {"S": "ledger"}}
    assert "expires_at" not in ledgers.pop("cap#prf_other")
    assert all(closed.keys() == {"pk", "sk", "revision", "expires_at"} for closed in ledgers.values())


def test_a_worker_that_read_before_the_erasure_claims_nothing_after_it(known: World) -> None:
    """F25: whether the person had a ledger or not."""
    for profile_id in (WINNER, "prf_never_mailed"):
        before = DynamoLedgers(Table("gates")).get(profile_id)
        ask("erase", profile_id)
        assert not DynamoLedgers(Table("gates")).keep(profile_id, before)


def test_an_erasure_waits_for_what_was_claimed_a_moment_ago(
    known: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5, F25: the worker has claimed and is sending; its message would be kept after everything is forgotten."""

    with workers_die_before_they_keep_it(monkeypatch):
        event = sqs(MessageRequested(requests=[request("snd_now", profile_id=WINNER, node="now")]))
        on_requests.handler(event, Context())
    answer = ask("erase", WINNER)
    assert (answer["more"], answer["stores"]["pressure"]) == (True, 0)
    CLOCK.advance(UNDER_WAY + timedelta(seconds=1))
    answer = ask("erase", WINNER)
    assert (answer["more"], answer["stores"]["pressure"]) == (False, 1)


def test_a_message_that_waits_is_not_sent_to_an_erased_person(known: World) -> None:
    """F32: throttled before the erasure; whether the sweep comes before or after, nothing leaves."""
    known.email.answers = [Retry("TooManyRequestsException")]
    send(request("snd_waits", profile_id=WINNER, node="third"))
    ask("erase", WINNER, LOSER)
    CLOCK.advance(timedelta(minutes=2))

    sweep.handler({}, Context())

    assert "snd_waits" not in [message.send_id for message in known.email.accepted]


def test_an_address_without_a_profile_is_found_by_itself(known: World) -> None:
    """A confirmation that could not be sent yet still holds the address."""
    known.email.answers = [Retry("TooManyRequestsException")]
    confirmation = AddressedRequest(
        send_id="cnf_1",
        template="confirm",
        channels=["email"],
        requested_at=NOW,
        address="new-77aa@example.com",
    )
    on_requests.handler(sqs(ConfirmationRequested(requests=[confirmation])), Context())
    assert "new-77aa" in json.dumps(known.raw("messages"), default=str)

    exported = ask("export", "prf_new", address="New-77aa@Example.com")["stores"]
    erased = ask("erase", "prf_new", address="New-77aa@Example.com")["stores"]

    assert [m["send_id"] for m in exported["messages"]] == ["cnf_1"]
    assert erased["messages"] == 1
    assert "new-77aa" not in json.dumps(known.raw("messages") + known.raw("gates"), default=str)
    assert not [i for i in known.raw("gates") if i["sk"]["S"].startswith("message#")]


def test_an_erasure_cut_short_goes_on_where_it_stopped(known: World) -> None:
    """F5, F6."""
    cut = ask("erase", WINNER, LOSER, address=OLD, left=RESERVE_MS)
    assert (cut["more"], cut["stores"]["messages"]) == (True, 0)

    rest = ask("erase", WINNER, LOSER, address=OLD)

    assert (rest["more"], rest["stores"]["messages"]) == (False, 2)
