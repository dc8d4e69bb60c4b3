"""The send protocol through the real handlers: one attempt a claim, whatever dies, stalls or is lost."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.delivery.adapters.dynamo_ledgers import DynamoLedgers
from services.delivery.adapters.message_items import to_item
from services.delivery.bootstrap.sending import sending, sweeping
from services.delivery.domain.protocol import Refused, Retry, Unknown
from services.delivery.handlers import (
    on_feedback,
    on_requests,
    sweep,
)
from services.shared.aws.dynamo import Table
from services.shared.contracts.journeys import MessageRequested
from services.shared.tokens import UNSUBSCRIBE, verify
from tests.integration.delivery.steps import (
    EMAIL,
    ask,
    consent,
    request,
)
from tests.integration.delivery.world import (
    CLOCK,
    NOW,
    SECRET,
    Context,
    World,
    key_of,
    notification,
    ses_event,
    sqs,
    workers_die_before_they_keep_it,
)


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
    messages = sending()._messages
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
    messages = sending()._messages
    claim = messages.claim

    def complain_first(*args: Any) -> Any:
        on_feedback.handler(notification(ses_event("Complaint", "snd_1")), Context())
        return claim(*args)

    monkeypatch.setattr(messages, "claim", complain_first)
    ask(request("snd_2"))

    assert [m.send_id for m in ready.email.accepted] == ["snd_1"]
    assert ready.item("snd_2")["reason"] == "suppressed"


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
    lagging = sweeping()._messages
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
    sweeper = sweeping()
    get = sweeper._messages.get
    broken = {"snd_1": RuntimeError("broken")}

    def get_or_fail(send_id: str) -> Any:
        if send_id in broken:
            raise broken[send_id]
        return get(send_id)

    monkeypatch.setattr(sweeper._messages, "get", get_or_fail)
    monkeypatch.setattr(sweeper._messages, "retry_before", lambda _: ["snd_1", "snd_2"])
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
    messages = sending()._messages
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
    found = sending()._messages.of_profile("prf_1", 10)
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


def test_what_lapses_between_the_look_and_the_claim_is_not_claimed(ready: World) -> None:
    """F32: the claim itself holds the permission against the clock, in its transaction."""
    consent("granted", until=NOW + timedelta(seconds=1))
    prepare, late = sending()._prepare, timedelta(seconds=1)

    class Slow:
        def of(self, *given: Any) -> Any:
            CLOCK.advance(late)
            return links.of(*given)

    links, prepare._links = prepare._links, Slow()  # type: ignore[assignment]
    ask(request("snd_1"))

    assert (ready.item("snd_1")["status"], ready.email.accepted) == ("skipped", [])


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
