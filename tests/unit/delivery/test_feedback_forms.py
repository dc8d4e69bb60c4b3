"""Every kind of report in every wrapping: the providers' own samples, and what is none."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from services.delivery.domain.envelopes import MOST, SES_GREETING, reports_in
from services.delivery.domain.feedback import Feedback, UnknownFeedback, read_feedback
from tests.support.thorough import EXHAUSTIVE

SAMPLES = Path(__file__).parents[3].parent / "shared" / "data" / "ses-events"
KINDS = {
    "bounce": "bounced",
    "complaint": "complained",
    "delivery": "delivered",
    "send": "accepted",
    "reject": "rejected",
    "open": "opened",
    "click": "clicked",
    "rendering-failure": "rejected",
    "renderingfailure": "rejected",
    "deliverydelay": "delayed",
    "subscription": "opted_out",
}
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def read(text: str) -> list[Feedback]:
    return [read_feedback(report) for report in reports_in(text)]


def event(kind: str, **details: Any) -> dict[str, Any]:
    mail = {"timestamp": "2026-03-01T12:00:00.000Z", "messageId": "ses-1", "tags": {"send_id": ["snd_1"]}}
    return {
        "eventType": kind,
        "mail": mail,
        kind.lower(): {"timestamp": "2026-03-01T12:01:00.000Z", **details},
    }


def in_sns(report: Any) -> str:
    return json.dumps({"Type": "Notification", "Message": json.dumps(report)})


def in_event_bridge(report: Any) -> str:
    return json.dumps({"source": "aws.ses", "detail-type": "Email Opened", "detail": report})


def in_firehose(*reports: Any) -> str:
    data = base64.b64encode("".join(json.dumps(one) for one in reports).encode()).decode()
    return json.dumps({"records": [{"recordId": "1", "data": data}]})


@pytest.mark.capability("000-34")
def test_all_ten_kinds_of_ses_are_read_in_all_three_forms() -> None:
    samples = {
        form: sorted(SAMPLES.glob(f"{pattern}*.json"))
        for form, pattern in (
            ("sns", "event-publishing-retrieving-sns-"),
            ("firehose", "event-publishing-retrieving-firehose-"),
            ("event bridge", "eventbridge-"),
        )
    }
    if not any(samples.values()):
        pytest.skip("SKIPPED LOUDLY: the SES samples are not on this machine")
    read_as: dict[str, list[tuple[str, str]]] = {}
    for form, files in samples.items():
        assert len(files) == 10
        for file in files:
            name = file.stem.partition("eventbridge-")[2] or file.stem.split("--")[2].removesuffix("-record")
            report = json.loads(file.read_text())
            text = {"sns": in_sns, "firehose": in_firehose, "event bridge": json.dumps}[form](report)
            (feedback,) = read(text)
            assert feedback.kind == KINDS[name]
            read_as.setdefault(name.replace("-", ""), []).append((feedback.kind, feedback.provider_id))
    assert len(read_as) == 10
    assert all(len(forms) == 3 and len(set(forms)) == 1 for forms in read_as.values())


OUT, IN = (
    {"unsubscribeAll": False, "topicSubscriptionStatus": [{"topicName": "news", "subscriptionStatus": said}]}
    for said in ("OptOut", "OptIn")
)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (IN, {**IN, "unsubscribeAll": True}, "opted_out"),
        (IN, OUT, "opted_out"),
        (None, OUT, "opted_out"),
        (OUT, IN, "subscription"),
        (OUT, OUT, "subscription"),
        ({**IN, "unsubscribeAll": True}, IN, "subscription"),
    ],
)
def test_who_wants_less_by_ses_s_own_way_withdraws(before: Any, after: Any, kind: str) -> None:
    """Who wants more does not permit by it: that takes a confirmation."""
    report = event("Subscription", oldTopicPreferences=before, newTopicPreferences=after)
    assert [one.kind for one in read(in_sns(report))] == [kind]


def test_the_same_report_is_the_same_feedback_in_every_wrapping() -> None:
    report = event("Open", userAgent=AGENT)
    bare = {name: value for name, value in report.items() if name != "eventType"}
    forms = [
        json.dumps(report),
        in_sns(report),
        in_event_bridge(report),
        in_event_bridge(bare),
        in_firehose(report),
        in_firehose(report, report),
        json.dumps(report) * 2,
        f"{json.dumps(report)}\n{json.dumps(report)}\n",
    ]
    (once,) = read(forms[0])
    assert all(set(read(text)) == {once} for text in forms)
    assert (once.kind, once.who, once.send_id) == ("opened", "person", "snd_1")
    assert read(json.dumps({"Type": "Notification", "Message": SES_GREETING})) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "[]",
        "1",
        "null",
        "{} x",
        json.dumps({"Type": "Notification"}),
        json.dumps({"Type": "Notification", "Message": "[]"}),
        json.dumps({"source": "aws.ses", "detail-type": "Email Eaten", "detail": {}}),
        json.dumps({"source": "aws.ses", "detail-type": "Email Opened", "detail": []}),
        json.dumps({"records": [{"data": "%%%"}]}),
        json.dumps({"records": [{}]}),
        json.dumps({"eventType": "Open"}),
        json.dumps({"eventType": "Click", "mail": {"timestamp": "yesterday", "messageId": "1"}}),
        json.dumps({"eventType": ["Open"]}),
        json.dumps({"eventType": "TEXT_DELIVERED", "messageId": "1", "eventTimestamp": 10**30}),
        json.dumps({"event_type": "_push.failed"}),
        "{}" * (MOST + 1),
    ],
)
def test_what_nobody_can_read_is_refused_by_name(text: str) -> None:
    """F21: into the dead-letter queue, never a crash."""
    with pytest.raises(UnknownFeedback):
        read(text)


@pytest.mark.parametrize(
    ("kind", "details", "expected", "cause"),
    [
        ("Bounce", {"bounceType": "Permanent", "bounceSubType": "NoEmail"}, "bounced", "Permanent/NoEmail"),
        ("Bounce", {"bounceType": "Permanent", "bounceSubType": "OnAccountSuppressionList"}, "bounced", None),
        ("Bounce", {"bounceType": "Transient", "bounceSubType": "MailboxFull"}, "soft_bounced", None),
        ("Bounce", {"bounceType": "Transient", "bounceSubType": "ContentRejected"}, "soft_bounced", None),
        ("Bounce", {"bounceType": "Undetermined", "bounceSubType": "Undetermined"}, "soft_bounced", None),
        ("Complaint", {"complaintFeedbackType": "abuse"}, "complained", None),
        ("Complaint", {}, "complained", None),
        ("Complaint", {"complaintFeedbackType": "not-spam"}, "delivered", None),
    ],
)
def test_what_ends_an_address_and_what_passes(
    kind: str, details: dict[str, Any], expected: str, cause: str | None
) -> None:
    feedback = read_feedback(event(kind, **details))
    assert feedback.kind == expected
    if cause:
        assert feedback.cause == cause


@pytest.mark.parametrize(
    ("kind", "final", "expected"),
    [
        ("TEXT_INVALID", True, "bounced"),
        ("TEXT_INVALID", False, "delayed"),
        ("TEXT_UNREACHABLE", True, "soft_bounced"),
        ("TEXT_UNREACHABLE", False, "delayed"),
        ("TEXT_QUEUED", False, "accepted"),
        ("TEXT_DELIVERED", True, "delivered"),
    ],
)
def test_a_failure_of_a_text_message_counts_when_it_is_final(kind: str, final: bool, expected: str) -> None:
    report = {"eventType": kind, "isFinal": final, "eventTimestamp": 1_772_366_400_000, "messageId": "sms-1"}
    feedback = read_feedback({**report, "context": {"send_id": "snd_1"}})
    assert (feedback.kind, feedback.send_id) == (expected, "snd_1")


def test_receipts_of_push_messages() -> None:
    told = {"attributes": {"send_id": "snd_1"}, "event_timestamp": 1_772_366_400_000}
    kinds = ["received_background", "received_foreground", "opened_notification", "failed", "invalid_token"]
    read_as = [read_feedback({"event_type": f"_push.{kind}", **told}).kind for kind in kinds]
    assert read_as == ["delivered", "delivered", "opened", "soft_bounced", "bounced"]


def test_a_scanner_at_the_door_is_known_before_the_delivery_is_told() -> None:
    """Open within two seconds of the sending, by a browser's own words."""
    early = event("Open", userAgent=AGENT, timestamp="2026-03-01T12:00:01.900Z")
    assert read_feedback(early).who == "machine"
    assert read_feedback(event("Open", userAgent=AGENT)).who == "person"
    assert read_feedback(event("Click", userAgent="curl/8", link="https://x")).who == "machine"


def test_mangled_reports_are_read_or_refused() -> None:
    """§4 of bad input: cut, doubled and twisted samples, none of which may raise anything but a refusal."""
    texts = [in_sns(event("Open", userAgent=AGENT)), in_firehose(event("Bounce", bounceType="Permanent"))]
    for text in texts:
        for at in range(0, len(text), 1 if EXHAUSTIVE else 5):
            for mangled in (text[:at], text[at:], text[:at] + text[at + 1 :], text[:at] + "\x00" + text[at:]):
                try:
                    read(mangled)
                except UnknownFeedback:
                    continue
