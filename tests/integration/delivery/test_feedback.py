"""Provider feedback, the outbox and reports through the real handlers."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.delivery.adapters.dynamo_counters import DynamoCounters
from services.delivery.bootstrap.reports import publishing
from services.delivery.domain.reports.once import Change
from services.delivery.domain.reports.rows import RowKey
from services.delivery.handlers import on_feedback, on_messages_stream
from services.shared.aws.bus import NotPublished
from services.shared.aws.dynamo import Table
from tests.integration.delivery.steps import (
    EMAIL,
    ask,
    call,
    consent,
    given_contact,
    given_templates,
    request,
)
from tests.integration.delivery.world import CLOCK, NOW, Context, World, key_of, notification, ses_event

SAMPLES = Path(__file__).parents[3].parent / "shared" / "data" / "ses-events"


@pytest.fixture
def sent(world: World) -> World:
    given_templates()
    given_contact()
    world.fake_senders()
    consent("granted")
    ask(request())
    return world


def note(report: dict[str, Any]) -> None:
    assert on_feedback.handler(notification(report), Context()) == {"batchItemFailures": []}


def publish(world: World) -> list[tuple[str, dict[str, Any]]]:
    world.published.clear()
    assert on_messages_stream.handler(world.stream(), Context()) == {"batchItemFailures": []}
    return [(e["DetailType"], json.loads(e["Detail"])) for e in world.published]


def totals() -> dict[str, int]:
    return dict(call("GET", "/reports/summary")[1]["totals"])


def test_a_hard_bounce_and_a_complaint_suppress_for_good(sent: World) -> None:
    note(ses_event("Bounce", "snd_1", bounceType="Transient"))
    ask(request("snd_2"))
    note(ses_event("Complaint", "snd_1"))
    note(ses_event("Bounce", "snd_1", bounceType="Permanent"))
    ask(request("snd_3"), request("snd_4", template="confirm"))

    assert [m.send_id for m in sent.email.accepted] == ["snd_1", "snd_2"]
    assert sent.item("snd_3")["reason"] == sent.item("snd_4")["reason"] == "suppressed"
    gates = {i["sk"]["S"]: i for i in sent.raw("gates") if i["pk"]["S"] == f"address#{key_of(EMAIL)}"}
    assert gates["suppressed#email"]["reason"]["S"] == "complained"


@pytest.mark.parametrize(("everything", "told"), [(True, ["unsubscribe"]), (False, [])])
def test_who_unsubscribes_at_ses_itself_withdraws_what_the_message_was_sent_for(
    sent: World, everything: bool, told: list[str]
) -> None:
    """F19: told ten times, passed on to consent once; the address itself stays good."""
    preferences = {"unsubscribeAll": everything, "topicSubscriptionStatus": []}
    for _ in range(10):
        note(ses_event("Subscription", "snd_1", newTopicPreferences=preferences))
    facts = [fact for name, fact in publish(sent) if name == "ComplaintsReceived.v1"]
    found = [one for fact in facts for one in fact["complaints"]]
    assert [(one["means"], one["purpose"], one["send_id"]) for one in found] == [
        (means, "newsletter", "snd_1") for means in told
    ]
    ask(request("snd_2", template="confirm"))
    assert sent.item("snd_2")["status"] == "sent"


def test_feedback_before_the_answer_and_fifty_times(sent: World) -> None:
    for minutes in (9, *[5] * 50, 7):
        note(ses_event("Open", "snd_1", minutes))

    assert sent.item("snd_1")["first_opened_at"] == "2026-03-01T12:05:00.000Z"
    publish(sent)
    assert totals() == {"requested": 1, "sent": 1, "opened": 1}


def test_the_outbox_tells_everything_once(sent: World) -> None:
    ask(request("snd_2", template="nothing"))
    facts = dict(publish(sent))
    assert [m["send_id"] for m in facts["MessageSent.v1"]["messages"]] == ["snd_1"]
    assert facts["MessageSent.v1"]["messages"][0]["consent_entry_id"] == "cns_1"
    assert [m["reason"] for m in facts["MessageSkipped.v1"]["messages"]] == ["unknown_template"]
    assert EMAIL not in json.dumps(sent.published)

    shop = {"link": "https://shop.example.com/?a=1"}
    for minutes, kind in enumerate(("Send", "Delivery", "Open", "Click", "Click")):
        note(ses_event(kind, "snd_1", minutes, **(shop if kind == "Click" else {})))
    (name, detail), *rest = publish(sent)
    assert (name, rest) == ("OutcomesObserved.v1", [])
    assert [e["event"] for e in detail["events"]] == ["Email Delivered", "Email Opened", "Email Link Clicked"]
    assert detail["events"][1] == {
        "type": "track",
        "event": "Email Opened",
        "messageId": "snd_1-opened",
        "timestamp": "2026-03-01T12:02:00.000Z",
        "profileId": "prf_1",
        "properties": {
            "email_id": "snd_1",
            "campaign_id": "welcome",
            "template": "news",
            "channel": "email",
            "node": "offer",
        },
    }
    clicked = detail["events"][2]
    assert clicked["messageId"] == f"snd_1-clicked-{clicked['properties']['link_id']}"
    assert clicked["timestamp"] == "2026-03-01T12:03:00.000Z"
    assert clicked["properties"]["link_url"] == shop["link"]


def test_a_repeated_batch_counts_once_and_publishes_again(
    sent: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = sent.stream()
    with monkeypatch.context() as broken:
        broken.setattr(publishing()._bus, "publish", _refuse)
        with pytest.raises(NotPublished):
            on_messages_stream.handler(event, Context())
    for _ in range(2):
        on_messages_stream.handler(event, Context())

    assert [e["DetailType"] for e in sent.published] == ["MessageSent.v1"] * 2
    assert totals() == {"requested": 1, "sent": 1}


def _refuse(facts: Any) -> None:
    raise NotPublished("no")


def test_reports_add_up_by_journey_channel_and_reason(sent: World) -> None:
    ask(
        request("snd_2", template="nothing"),
        request("snd_3", profile_id="prf_x", requested_at=NOW - timedelta(minutes=15)),
    )
    note(ses_event("Reject", "snd_1"))
    publish(sent)

    report = call("GET", "/reports/summary")[1]
    assert report["totals"] == {"requested": 3, "skipped": 2, "failed": 1}
    assert report["skipped_by_reason"] == {"no_contact": 1, "unknown_template": 1}
    assert report["by_journey"]["welcome"]["requested"] == 3
    assert report["by_channel"]["email"]["failed"] == 1
    assert sent.item("snd_1")["reason"] == "rejected"


def test_more_rows_than_one_transaction_takes_are_counted_once(sent: World) -> None:
    counters = DynamoCounters(Table("reports"))
    batch = [
        Change(f"event-{i}", {RowKey(day="2026-03-01", journey=f"j{i:03}", channel="email"): {"opened": 2}})
        for i in range(120)
    ]
    for _ in range(2):
        counters.count(batch, NOW)

    assert totals() == {"opened": 240}


def test_a_withdrawal_becomes_an_outcome_of_its_owner_once(sent: World) -> None:
    for _ in range(3):
        consent("revoked", 2)
    facts = publish(sent)
    events = [e for name, d in facts if name == "OutcomesObserved.v1" for e in d["events"]]

    assert [(e["event"], e["profileId"], e["messageId"]) for e in events] == [
        ("Unsubscribed", "prf_1", "unsub#cns_2-unsubscribed")
    ]
    assert call("GET", "/reports/summary")[1]["by_journey"]["(consent)"] == {"unsubscribed": 1}


def test_a_withdrawal_counts_for_the_journey_whose_message_it_came_by(sent: World) -> None:
    for _ in range(2):
        consent("revoked", 2, send_id="snd_1")
    publish(sent)
    by_journey = call("GET", "/reports/summary")[1]["by_journey"]
    assert by_journey["welcome"]["unsubscribed"] == 1
    assert "(consent)" not in by_journey


def test_sms_reports_find_their_message(sent: World) -> None:
    given_contact(version=2, email=EMAIL, phone="+12025550123")
    consent("granted", address="+12025550123", channel="sms")
    ask(request("snd_sms", channels=["sms"]))
    report = {
        "eventType": "TEXT_DELIVERED",
        "eventTimestamp": int((NOW + timedelta(minutes=1)).timestamp() * 1000),
        "messageId": "sms-1",
        "context": {"send_id": "snd_sms"},
    }
    note(report)
    assert sent.item("snd_sms")["first_delivered_at"] == "2026-03-01T12:01:00.000Z"
    note({**report, "eventType": "TEXT_INVALID"})
    ask(request("snd_sms2", channels=["sms"]))
    assert sent.item("snd_sms2")["reason"] == "suppressed"
    assert "SMS Delivered" in json.dumps(publish(sent))


@pytest.mark.parametrize(
    "body", ["{", "[]", '{"Type":"Notification","Message":"{}"}', '{"eventType":"Open"}']
)
def test_unreadable_feedback_is_dead_lettered(world: World, body: str) -> None:
    event = {"Records": [{"messageId": "f1", "body": body}]}

    assert on_feedback.handler(event, Context()) == {"batchItemFailures": [{"itemIdentifier": "f1"}]}


@pytest.mark.parametrize(("text", "failed"), [("", 0), (" Not quite.", 1)])
def test_only_the_greeting_of_ses_is_let_be(world: World, text: str, failed: int) -> None:
    greeting = "Successfully validated SNS topic for Amazon SES event publishing." + text
    body = json.dumps({"Type": "Notification", "Message": greeting})
    answer = on_feedback.handler({"Records": [{"messageId": "f1", "body": body}]}, Context())

    assert len(answer["batchItemFailures"]) == failed


def test_every_sample_of_ses_is_understood_and_foreign_mail_is_let_be(world: World) -> None:
    files = sorted(SAMPLES.glob("event-publishing-*.json")) + sorted(SAMPLES.glob("dittofeed-*.json"))
    if not files:
        pytest.skip("SKIPPED LOUDLY: the SES samples are not on this machine")
    for file in files:
        note(json.loads(file.read_text()))

    assert len(files) == 21
    assert world.raw("messages") == []


def test_every_sample_of_ses_maps_onto_a_message_of_ours(sent: World) -> None:
    files = sorted(SAMPLES.glob("event-publishing-retrieving-sns-*.json"))
    if not files:
        pytest.skip("SKIPPED LOUDLY: the SES samples are not on this machine")
    for file in files:
        report = json.loads(file.read_text())
        report["mail"].setdefault("tags", {})["send_id"] = ["snd_1"]
        note(report)

    marks = {name for name in sent.item("snd_1") if name.startswith("first_")}
    kinds = ("delivered", "bounced", "complained", "opened", "clicked", "rejected", "delayed", "opted_out")
    assert marks == {f"first_{kind}_at" for kind in kinds}
    assert CLOCK.now() == NOW
