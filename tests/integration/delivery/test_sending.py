"""Requests, gates and the send protocol through the real handlers."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import Message as Mail
from threading import Barrier
from typing import Any

import pytest

from services.delivery import bootstrap
from services.delivery.adapters.dynamo_ledgers import DynamoLedgers
from services.delivery.adapters.message_items import to_item
from services.delivery.domain.protocol import Refused, Retry, Unknown
from services.delivery.handlers import (
    api,
    on_consent,
    on_feedback,
    on_profiles_changed,
    on_requests,
    previews,
    reports,
    sweep,
    templates,
)
from services.shared.aws.dynamo import Table
from services.shared.contracts.consent import ConfirmationRequested, ConsentChange, ConsentChanged
from services.shared.contracts.ingest import ProfileChange, ProfilesChanged
from services.shared.contracts.journeys import MessageRequested
from services.shared.contracts.messages import AddressedRequest, MessageRequest
from services.shared.tokens import UNSUBSCRIBE, verify
from tests.integration.delivery.conftest import (
    CLOCK,
    COMMERCIAL,
    NOW,
    SECRET,
    SERVICE,
    Context,
    World,
    key_of,
    notification,
    ses_event,
    sqs,
    workers_die_before_they_keep_it,
)

EMAIL = "ann@example.com"
PHONE = "+12025550123"


def call(method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> tuple[int, Any]:
    event = {
        "version": "2.0",
        "rawPath": path,
        "routeKey": f"{method} {path}",
        "headers": {},
        "queryStringParameters": query,
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
        "body": body if isinstance(body, str) else json.dumps(body),
    }
    if path.endswith(("/preview", "/test")) or path == "/test-addresses":
        handler = previews.handler
    elif path.startswith(("/templates", "/landing-pages", "/service-kinds", "/products", "/offers")):
        handler = templates.handler
    elif path.startswith("/reports"):
        handler = reports.handler
    else:
        handler = api.handler
    answer = handler(event, Context())
    is_json = answer["headers"]["Content-Type"] == "application/json"
    return answer["statusCode"], json.loads(answer["body"]) if is_json else answer["body"]


def given_templates() -> None:
    assert call("PUT", "/templates/news", COMMERCIAL)[0] == 200
    assert call("PUT", "/templates/confirm", SERVICE)[0] == 200


def given_contact(profile: str = "prf_1", version: int = 1, **traits: Any) -> None:
    change = ProfileChange(
        profile_id=profile,
        version=version,
        traits_version=version,
        at=NOW,
        events=[],
        traits=traits or {"email": EMAIL, "firstName": "Ann"},
    )
    assert on_profiles_changed.handler(sqs(ProfilesChanged(changes=[change])), Context()) == {
        "batchItemFailures": []
    }


def consent(state: Any, sequence: int = 1, address: str = EMAIL, channel: str = "email", **more: Any) -> None:
    change = ConsentChange(
        address_key=key_of(address, channel),
        purpose=more.pop("purpose", "newsletter"),
        channel=channel,
        state=state,
        entry_id=f"cns_{sequence}",
        text_version="1",
        sequence=sequence,
        at=NOW,
        **more,
    )
    assert on_consent.handler(sqs(ConsentChanged(changes=[change])), Context()) == {"batchItemFailures": []}


def request(send_id: str = "snd_1", **fields: Any) -> MessageRequest:
    base = {
        "send_id": send_id,
        "template": "news",
        "channels": ["email"],
        "requested_at": NOW,
        "profile_id": "prf_1",
        "journey": "welcome",
        "node": "offer",
    }
    return MessageRequest(**{**base, **fields})


def ask(*requests: MessageRequest, failures: int = 0) -> None:
    answer = on_requests.handler(sqs(MessageRequested(requests=list(requests))), Context())
    assert len(answer["batchItemFailures"]) == failures


@pytest.fixture
def ready(world: World) -> World:
    given_templates()
    given_contact()
    world.fake_senders()
    return world


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


def test_redelivery_sends_once(ready: World) -> None:
    consent("granted")
    for _ in range(3):
        ask(request(), request())

    assert len(ready.email.accepted) == 1
    outgoing = ready.email.accepted[0]
    assert outgoing.content.subject == "News for Ann"
    token = outgoing.unsubscribe_url.partition("token=")[2]
    claims = verify(SECRET, UNSUBSCRIBE, token, NOW + timedelta(days=60))
    assert claims == {
        "purpose": "newsletter",
        "channel": "email",
        "address_key": key_of(EMAIL),
        "send_id": "snd_1",
    }


def test_consent_revoked_between_reading_and_claiming(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    consent("granted")
    messages = bootstrap.sending()._messages
    claim = messages.claim

    def revoke_first(*args: Any) -> Any:
        consent("revoked", 2)
        return claim(*args)

    monkeypatch.setattr(messages, "claim", revoke_first)
    ask(request())

    assert ready.email.accepted == []
    assert ready.item("snd_1")["reason"] == "no_consent"
    assert "revoked cns_2" in json.dumps(ready.item("snd_1")["gates"])


def test_a_complaint_between_reading_and_claiming(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    consent("granted")
    ask(request())
    messages = bootstrap.sending()._messages
    claim = messages.claim

    def complain_first(*args: Any) -> Any:
        on_feedback.handler(notification(ses_event("Complaint", "snd_1")), Context())
        return claim(*args)

    monkeypatch.setattr(messages, "claim", complain_first)
    ask(request("snd_2"))

    assert [m.send_id for m in ready.email.accepted] == ["snd_1"]
    assert ready.item("snd_2")["reason"] == "suppressed"


def test_a_withdrawal_stops_everybody_who_has_the_address(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two profiles with one address: the ledger of each moves on."""
    given_contact("prf_2", email=EMAIL)
    consent("granted")
    messages = bootstrap.sending()._messages
    claim, both_are_about_to = messages.claim, Barrier(2, lambda: consent("revoked", 2), timeout=20)

    def claim_after_the_withdrawal(*args: Any) -> Any:
        both_are_about_to.wait()
        return claim(*args)

    monkeypatch.setattr(messages, "claim", claim_after_the_withdrawal)
    ask(request(), request("snd_2", profile_id="prf_2"))

    assert ready.email.accepted == []
    assert {ready.item(one)["reason"] for one in ("snd_1", "snd_2")} == {"no_consent"}


def test_nothing_but_the_queue_looks_after_a_claim_until_its_request_comes_again(ready: World) -> None:
    """F5: the worker dies in the attempt. The sweep knows of it once the queue has brought the request again."""
    consent("granted")
    ready.email.answers = [RuntimeError("the worker died")]
    ask(request(), failures=1)
    assert [i for i in ready.raw("messages") if "open_partition" in i] == []
    ask(request())
    ask(request())

    assert [i["status"] for i in ready.raw("messages") if "open_partition" in i] == [{"S": "claimed"}]
    CLOCK.advance(timedelta(minutes=16))
    sweep.handler({}, Context())
    assert (ready.item("snd_1")["status"], ready.item("snd_1")["reason"]) == ("failed", "unknown_outcome")
    assert [i for i in ready.raw("messages") if "open_partition" in i] == []


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


def test_throttling_is_left_to_the_sweep_and_counts_once(ready: World) -> None:
    consent("granted")
    ready.email.answers = [Retry("TooManyRequestsException")] * 4
    ask(request())
    for seconds, attempts in ((60, 1), (1, 1), (61, 2), (61, 3), (61, 4)):
        record = ready.item("snd_1")
        assert (record["status"], record["attempts"]) == ("retry", attempts)
        CLOCK.advance(timedelta(seconds=seconds))
        sweep.handler({}, Context())
    ask(request("snd_2"), request("snd_3"), request("snd_4"))

    assert ready.email.accepted[0].send_id == "snd_1"
    assert len(ready.email.accepted) == 3
    assert ready.item("snd_1")["attempts"] == 5
    assert [i for i in ready.raw("messages") if "open_partition" in i] == []


def test_a_throttled_message_is_refused_by_a_gate_that_closed_meanwhile(ready: World) -> None:
    consent("granted")
    ready.email.answers = [Retry("TooManyRequestsException")]
    ask(request())
    consent("revoked", 2)
    CLOCK.advance(timedelta(minutes=5))
    sweep.handler({}, Context())

    assert ready.item("snd_1")["reason"] == "no_consent"
    assert ready.email.accepted == []


def test_a_throttled_message_that_another_attempt_holds_is_let_be(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.email.answers = [Retry("TooManyRequestsException"), RuntimeError("the worker died")]
    ask(request(template="confirm"))
    CLOCK.advance(timedelta(minutes=5))
    ask(request(template="confirm"), failures=1)
    lagging = bootstrap.sweeping()._messages
    monkeypatch.setattr(lagging, "retry_before", lambda _: ["snd_1"])
    sweep.handler({}, Context())

    assert ready.item("snd_1")["status"] == "claimed"
    assert ready.item("snd_1")["attempts"] == 2


def test_what_was_throttled_for_a_month_expires(ready: World) -> None:
    ready.email.answers = [Retry("AccountSuspended")] * 9
    ask(request(template="confirm"))
    for days in (29, 1):
        CLOCK.advance(timedelta(days=days))
        sweep.handler({}, Context())

    assert (ready.item("snd_1")["status"], ready.item("snd_1")["reason"]) == ("failed", "expired")
    assert ready.item("snd_1")["attempts"] == 2
    assert [i for i in ready.raw("messages") if "open_partition" in i] == []


def test_the_sweep_passes_one_by_that_it_cannot_take(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ready.email.answers = [Retry("unreachable")] * 2
    ask(request("snd_1", template="confirm"))
    ask(request("snd_2", template="confirm"))
    CLOCK.advance(timedelta(minutes=5))
    sweeping = bootstrap.sweeping()
    get = sweeping._messages.get
    broken = {"snd_1": RuntimeError("broken")}

    def get_or_fail(send_id: str) -> Any:
        if send_id in broken:
            raise broken[send_id]
        return get(send_id)

    monkeypatch.setattr(sweeping._messages, "get", get_or_fail)
    monkeypatch.setattr(sweeping._messages, "retry_before", lambda _: ["snd_1", "snd_2"])
    with pytest.raises(RuntimeError, match="broken"):
        sweep.handler({}, Context())

    assert [m.send_id for m in ready.email.accepted] == ["snd_2"]


def test_a_refusal_is_final(ready: World) -> None:
    """F17: the neighbour in the same batch is sent."""
    consent("granted")
    ready.email.answers = [Refused("MessageRejected")]
    ask(request())
    ask(request(), request("snd_2", template="confirm"))

    assert ready.item("snd_1")["status"] == "failed"
    assert ready.item("snd_1")["reason"] == "MessageRejected"
    assert [one.send_id for one in ready.email.accepted] == ["snd_2"]


def test_marketing_of_unknown_fate_is_given_up_and_late_feedback_corrects_it(ready: World) -> None:
    consent("granted")
    ready.email.answers = [Unknown("ReadTimeoutError")]
    ask(request())
    ask(request())
    sweep.handler({}, Context())
    assert ready.item("snd_1")["status"] == "unknown"

    CLOCK.advance(timedelta(minutes=16))
    sweep.handler({}, Context())
    assert ready.item("snd_1")["reason"] == "unknown_outcome"
    on_feedback.handler(notification(ses_event("Delivery", "snd_1")), Context())

    assert ready.item("snd_1")["status"] == "sent"
    assert ready.item("snd_1")["provider_id"] == "ses-1"
    assert ready.email.accepted == []


def test_a_service_message_of_unknown_fate_is_repeated_once(ready: World) -> None:
    ready.email.answers = [Unknown("ReadTimeoutError"), Unknown("ReadTimeoutError")]
    ask(request(template="confirm"))
    for _ in range(3):
        CLOCK.advance(timedelta(minutes=16))
        sweep.handler({}, Context())

    assert ready.email.answers == []
    assert ready.item("snd_1")["reason"] == "unknown_outcome"
    assert ready.item("snd_1")["possible_duplicate"] is True
    assert ready.item("snd_1")["attempts"] == 2


def test_a_crash_in_the_attempt_leaves_a_visible_claim(ready: World) -> None:
    """F5, F6."""
    consent("granted")
    ready.email.answers = [RuntimeError("the worker died")]
    ask(request(), failures=1)
    ask(request())

    assert len(ready.email.accepted) == 1
    assert ready.item("snd_1")["status"] == "claimed"
    CLOCK.advance(timedelta(minutes=16))
    sweep.handler({}, Context())
    assert ready.item("snd_1")["reason"] == "unknown_outcome"


def test_without_time_nothing_is_begun(ready: World) -> None:
    """F6: a claim is never cut off by the end of the function's time."""
    consent("granted")
    event = sqs(MessageRequested(requests=[request()]))

    assert on_requests.handler(event, Context(left=5_000))["batchItemFailures"] == [{"itemIdentifier": "m0"}]
    assert ready.raw("messages") == []
    assert on_requests.handler(event, Context()) == {"batchItemFailures": []}
    assert len(ready.email.accepted) == 1


def test_poison_is_failed_and_its_neighbour_sent(ready: World) -> None:
    consent("granted")
    event = sqs(MessageRequested(requests=[request()]))
    event["Records"].insert(0, {"messageId": "bad", "body": "{"})

    assert on_requests.handler(event, Context())["batchItemFailures"] == [{"itemIdentifier": "bad"}]
    assert len(ready.email.accepted) == 1


@pytest.mark.parametrize("lost", ["ledger", "message"])
def test_a_claim_whose_answer_was_lost_is_known_as_its_own(
    ready: World, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """F8: the SDK makes the write again, and its own first one refuses it."""
    consent("granted")
    messages = bootstrap.sending()._messages
    owner, name = (messages._gates, "perform") if lost == "ledger" else (messages, "_perform")
    perform, writes = getattr(owner, name), list[Any]()

    def twice(op: Any) -> None:
        writes.append(op)
        perform(op)
        if len(writes) == 1:
            perform(op)

    monkeypatch.setattr(owner, name, twice)
    ask(request())
    ask(request())

    assert (len(ready.email.accepted), ready.item("snd_1")["status"]) == (1, "sent")
    assert len(DynamoLedgers(Table("gates")).get("prf_1").touches) == 1


def test_a_worker_that_dies_before_the_message_is_kept_has_sent_it_for_all_we_know(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5, F18: the person's ledger has it, and it left. The request that comes again repeats nothing; a report that was
    quicker finds the message then."""
    consent("granted")
    delivered = notification(ses_event("Delivery", "snd_1"))

    with workers_die_before_they_keep_it(monkeypatch):
        ask(request(), failures=1)
    assert (len(ready.email.accepted), ready.raw("messages")) == (1, [])
    assert on_feedback.handler(delivered, Context())["batchItemFailures"]
    ask(request())
    assert (len(ready.email.accepted), ready.item("snd_1")["status"]) == (1, "claimed")
    assert "open_partition" in ready.raw("messages")[0]
    assert not on_feedback.handler(delivered, Context())["batchItemFailures"]
    assert (len(ready.email.accepted), ready.item("snd_1")["status"]) == (1, "sent")
    assert len(DynamoLedgers(Table("gates")).get("prf_1").touches) == 1


def test_what_was_claimed_and_is_not_heard_of_is_given_up(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5: visibly, with what is known of the attempt."""
    consent("granted")

    with workers_die_before_they_keep_it(monkeypatch):
        ask(request(), failures=1)
    ask(request())
    CLOCK.advance(timedelta(minutes=16))
    sweep.handler({}, Context())
    found = ready.item("snd_1")
    assert (found["status"], found["reason"], found["channel"]) == ("failed", "unknown_outcome", "email")
    assert found["address_key"] == key_of("ann@example.com")
    assert [gate["gate"] for gate in found["gates"]] == ["claim"]
    assert len(ready.email.accepted) == 1


def test_a_message_is_kept_by_one_write_and_found_by_its_person(ready: World) -> None:
    """In the list of the ledger and not in an index; one that was held back is in the index."""
    consent("granted")
    ask(request(), request("snd_none", template="unknown"))
    stored = {item["send_id"]["S"]: item for item in ready.raw("messages")}
    sent, held_back = stored["snd_1"], stored["snd_none"]
    assert ("owner" in sent, "profile_id" in sent) == (True, False)
    assert ("owner" in held_back, "profile_id" in held_back) == (False, True)
    found = bootstrap.sending()._messages.of_profile("prf_1", 10)
    assert {(m.send_id, m.profile_id) for m in found} == {("snd_1", "prf_1"), ("snd_none", "prf_1")}


def _stored(**fields: Any) -> Any:
    from services.delivery.domain.message import Message

    return Message(
        send_id="snd_1",
        template="news",
        channels=("email",),
        requested_at="2026-03-01T12:00:00.000Z",
        profile_id="prf_1",
        **fields,
    )


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


def test_what_lapses_between_the_look_and_the_claim_is_not_claimed(ready: World) -> None:
    """F32: the claim itself holds the permission against the clock, in its transaction."""
    consent("granted", until=NOW + timedelta(seconds=1))
    prepare, late = bootstrap.sending()._prepare, timedelta(seconds=1)

    class Slow:
        def of(self, *given: Any) -> Any:
            CLOCK.advance(late)
            return links.of(*given)

    links, prepare._links = prepare._links, Slow()  # type: ignore[assignment]
    ask(request("snd_1"))

    assert (ready.item("snd_1")["status"], ready.email.accepted) == ("skipped", [])


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


def test_messages_as_they_were_kept_before_are_carried_on(ready: World) -> None:
    """A request used to be kept before its claim, and every claim to have its place in the sweep's index."""
    consent("granted")
    table = Table("messages")
    table.put(to_item(_stored()))
    old = replace(_stored(status="claimed", attempt_id="att_1"), send_id="snd_old", watched=True)
    table.put(to_item(replace(old, claimed_at="2026-03-01T11:00:00.000Z")))
    ask(request())
    sweep.handler({}, Context())

    assert (ready.item("snd_1")["status"], ready.item("snd_1")["attempts"]) == ("sent", 1)
    assert ready.item("snd_old")["reason"] == "unknown_outcome"
    assert [i for i in ready.raw("messages") if "open_partition" in i] == []
