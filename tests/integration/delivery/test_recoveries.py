"""What operators do when something went wrong: dead letters moved back, the archive replayed, tables restored. And a
receiver that misbehaves. Nothing leaves twice, and nothing is counted twice."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.receives import RECEIVES
from services.delivery.bootstrap import outward
from services.delivery.bootstrap.content import serving_templates
from services.delivery.bootstrap.sending import sending
from services.delivery.domain.protocol import Retry, Unknown
from services.delivery.handlers import on_feedback, on_requests, person
from services.delivery.use_cases import pressure
from services.shared.clock import to_iso
from services.shared.contracts.journeys import MessageRequested
from services.shared.net.guarded_https import GuardedHttps
from tests.integration.delivery.steps import EMAIL, ask, consent, given_contact, given_templates, request
from tests.integration.delivery.test_feedback import note, totals
from tests.integration.delivery.test_letters import call as ask_channels
from tests.integration.delivery.test_pressure import call
from tests.integration.delivery.test_reports import publish
from tests.integration.delivery.test_wishes import fates, swept
from tests.integration.delivery.world import CLOCK, NOW, Context, World, ses_event, sqs
from tests.support.receiver import Receiver, endless_body, receiver, silence, status

BOB = "bob@example.com"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ready(world: World) -> World:
    """Ann and Bob, who both permitted the newsletter."""
    given_templates()
    for profile, address in (("prf_1", EMAIL), ("prf_2", BOB)):
        given_contact(profile, email=address, firstName="Ann")
        consent("granted", address=address)
    world.fake_senders()
    return world


def sent(world: World) -> Counter[str]:
    return Counter(one.send_id for one in world.email.accepted)


class Queue:
    """A queue with its dead letters, as Lambda works it off."""

    def __init__(self, name: str, handler: Callable[[dict[str, Any], Any], dict[str, Any]]) -> None:
        self._sqs, self._handler = boto3.client("sqs"), handler
        self.dead = self._sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        found = self._sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])
        arn = found["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": RECEIVES})
        self.url = self._sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]

    def put(self, *bodies: str) -> None:
        for body in bodies:
            self._sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def received(self, url: str) -> list[dict[str, Any]]:
        asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0}
        return list(self._sqs.receive_message(**asked).get("Messages", []))

    def work_off(self) -> None:
        for _ in range(3 * RECEIVES):
            if not (messages := self.received(self.url)):
                return
            records = [{"messageId": m["MessageId"], "body": m["Body"]} for m in messages]
            answer = self._handler({"Records": records}, Context())
            failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
            for message in messages:
                if message["MessageId"] not in failed:
                    self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        raise AssertionError("messages come for ever")

    def dead_letters(self) -> list[str]:
        return [message["Body"] for message in self.received(self.dead)]


def bodies(*send_ids: str, profile: str = "prf_1") -> list[str]:
    facts = [
        MessageRequested(requests=[request(send_id, node=send_id, profile_id=profile)])
        for send_id in send_ids
    ]
    return [record["body"] for record in sqs(*facts)["Records"]]


def test_dead_letters_that_are_moved_back_twice_in_live_traffic_are_sent_and_counted_once(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F23: I1, I2, I3. Requests and reports died while a table was down. Moved back twice, among new ones."""
    requests, reports = Queue("requests", on_requests.handler), Queue("reports", on_feedback.handler)
    ask(request("snd_0", node="snd_0", profile_id="prf_2"))
    told = [
        json.dumps(ses_event(kind, "snd_0", at)) for at, kind in enumerate(("Delivery", "Open", "Complaint"))
    ]
    with monkeypatch.context() as down:
        down.setattr(pressure.Pressure, "weigh", _unreachable)
        down.setattr("services.delivery.adapters.dynamo_messages.DynamoMessages.update", _unreachable)
        requests.put(*bodies("snd_1", "snd_2"))
        reports.put(*told)
        for queue in (requests, reports):
            queue.work_off()
    dead = requests.dead_letters(), reports.dead_letters()
    assert (len(dead[0]), len(dead[1]), sent(ready)) == (2, 3, Counter({"snd_0": 1}))

    for number in range(2):
        requests.put(dead[0][0], *bodies(f"snd_l{number}", profile="prf_2"), *dead[0][1:], *dead[0])
        reports.put(*dead[1], json.dumps(ses_event("Send", "snd_1")), *reversed(dead[1]))
        requests.work_off()
        reports.work_off()
        publish(ready, times=2)

    assert sent(ready) == Counter({"snd_0": 1, "snd_1": 1, "snd_2": 1})
    assert fates(ready, "snd_l0", "snd_l1") == [("skipped", "suppressed")] * 2
    assert totals() == {"requested": 5, "sent": 3, "delivered": 1, "opened": 1, "complained": 1, "skipped": 2}


def _unreachable(*_: Any, **__: Any) -> Any:
    raise ConnectionError


def test_the_archive_played_over_live_data_sends_nothing_and_counts_nothing(ready: World) -> None:
    """F24: months later, all of it, twice, in another order; also what came of messages since."""
    facts = [json.loads(one) for one in bodies("snd_1", "snd_2", "snd_3")]
    ready.email.answers = [Unknown("ReadTimeoutError")]
    queue = Queue("archive", on_requests.handler)
    queue.put(*(json.dumps(one) for one in facts))
    queue.work_off()
    swept(20 * MINUTE)
    for kind in ("Send", "Delivery", "Open"):
        note(ses_event(kind, "snd_2"))
    publish(ready)
    before = sent(ready), totals(), sorted(fates(ready, "snd_1", "snd_2", "snd_3"))
    assert before[2].count(("failed", "unknown_outcome")) == 1

    CLOCK.advance(timedelta(days=60))
    for number in range(2):
        queue.put(*(json.dumps({**one, "replay-name": "r", "id": f"{number}"}) for one in reversed(facts)))
        queue.work_off()
        consent("granted")
        for kind in ("Open", "Send", "Delivery"):
            note(ses_event(kind, "snd_2"))
        swept(20 * MINUTE)
        publish(ready, times=2)

    assert (sent(ready), totals(), sorted(fates(ready, "snd_1", "snd_2", "snd_3"))) == before


TABLES = ("messages", "gates")


def restore(backup: dict[str, list[dict[str, Any]]], keys: dict[str, tuple[str, ...]]) -> None:
    """Tables as they were, as a recovery to a point in time makes them."""
    db = boto3.client("dynamodb")
    for name, items in backup.items():
        for item in db.scan(TableName=name)["Items"]:
            db.delete_item(TableName=name, Key={key: item[key] for key in keys[name]})
        for item in items:
            db.put_item(TableName=name, Item=item)


def erase(profile: str) -> None:
    person.handler({"ask": "erase", "profile_ids": [profile], "addresses": [], "at": to_iso(NOW)}, Context())


def test_restored_tables_send_nothing_again_and_the_erased_stay_erased(ready: World) -> None:
    """F45: I3, I4, I5. In the backup a message waits, one is on its way, one is asked for later; by now all have left,
    Bob has withdrawn and Carol is erased. Then the queue and the archive bring everything again."""
    carol = "carol@example.com"
    given_contact("prf_3", email=carol)
    consent("granted", address=carol)
    ready.email.answers = [Retry("TooManyRequestsException"), Unknown("ReadTimeoutError")]
    ask(request("snd_waits", node="a"))
    CLOCK.advance(MINUTE)
    ask(request("svc_open", template="confirm"))
    assert fates(ready, "snd_waits", "svc_open") == [
        ("retry", "TooManyRequestsException"),
        ("unknown", "ReadTimeoutError"),
    ]
    backup = {name: ready.raw(name) for name in TABLES}

    ask(request("snd_later", node="b"), request("snd_bob", profile_id="prf_2", node="b"))
    swept(20 * MINUTE)
    consent("revoked", 2, BOB)
    erase("prf_3")
    had = sent(ready)
    assert had == Counter(["snd_waits", "svc_open", "snd_later", "snd_bob"])

    restore(backup, {"messages": ("send_id",), "gates": ("pk", "sk")})
    assert call("POST", "/pressure/restored")[0] == 200
    CLOCK.advance(MINUTE)
    consent("revoked", 2, BOB)  # the archive, from the backup on
    erase("prf_3")  # POST /erasures/{erasure_id}/repetitions
    ask(
        request("snd_waits", node="a"),
        request("svc_open", template="confirm"),
        request("snd_later", node="b"),
    )
    for _ in range(3):
        swept(30 * MINUTE)

    lost = ("failed", "unknown_outcome")
    assert sent(ready) == had
    assert fates(ready, "snd_waits", "svc_open", "snd_later") == [lost] * 3
    assert "backup" in call_why(ready, "snd_waits")
    note(ses_event("Delivery", "snd_waits"))
    assert fates(ready, "snd_waits") == [("sent", "")]
    new = {"requested_at": CLOCK.now()}
    ask(
        request("new_ann", node="c", **new),
        request("new_bob", profile_id="prf_2", node="c", **new),
        request("new_carol", profile_id="prf_3", node="c", **new),
    )
    assert sent(ready) - had == Counter({"new_ann": 1})
    assert fates(ready, "new_bob") == [("skipped", "no_consent")]
    assert carol not in json.dumps([ready.raw(name) for name in TABLES])


def call_why(world: World, send_id: str) -> str:
    return " ".join(world.item(send_id)["why"]["gates"])


@pytest.fixture
def hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiver(tmp_path) as made:
        monkeypatch.setenv("SSL_CERT_FILE", str(made.ca_file))
        yield made


def inward(handler: Any) -> None:
    status(307, Location="https://169.254.169.254/latest/meta-data/")(handler)


@pytest.mark.parametrize(
    ("reply", "fate"),
    [
        (silence, ("unknown", "timeout")),
        (status(503), ("unknown", "http_503")),
        (inward, ("failed", "http_307")),
        (endless_body, ("sent", "")),
    ],
    ids=["slow", "5xx", "inward", "endless"],
)
def test_a_receiver_that_misbehaves_keeps_nobody_waiting_and_is_asked_once(
    hook: Receiver, ready: World, monkeypatch: pytest.MonkeyPatch, reply: Any, fate: tuple[str, str]
) -> None:
    """F46: I3, I5, I8. Real sockets; a mail in the same batch leaves meanwhile."""
    monkeypatch.setenv("CHANNEL_PLACES", hook.place)
    monkeypatch.setattr(
        outward,
        "GuardedHttps",
        lambda allowed: GuardedHttps(allowed=allowed, total_seconds=0.5),
    )
    sending.cache_clear()
    ready.fake_senders()
    assert ask_channels("PUT", "/channels", {"webhook": hook.url})[0] == 200
    serving_templates().put("told", {"class": "service", "channels": {"webhook": {"text": "Hello"}}})
    hook.usual = reply(hook.closing) if reply is silence else reply
    began = time.monotonic()

    for _ in range(2):
        ask(request("snd_hook", template="told", channels=["webhook"]), request("snd_mail", node="m"))

    assert time.monotonic() - began < 3
    assert fates(ready, "snd_hook", "snd_mail") == [fate, ("sent", "")]
    assert (len(hook.received), sent(ready)) == (1, Counter({"snd_mail": 1}))
