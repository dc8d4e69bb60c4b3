"""Messages that nobody can do anything with, and their neighbours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.receives import RECEIVES
from services.shared.aws.clients import client
from services.shared.clock import to_iso
from tests.faults.kinds import FAULTS
from tests.faults.road import Road
from tests.faults.steps import NOW, call
from tests.faults.wire import Call, Fault, anywhere
from tests.integration.ingest.conftest import World, lambda_record


class Queue:
    """The intake queue with its dead letters, as Lambda works it off."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.dead = client("sqs").create_queue(QueueName="dead")["QueueUrl"]
        found = client("sqs").get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])
        arn = found["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": RECEIVES})
        client("sqs").set_queue_attributes(QueueUrl=world.queue_url, Attributes={"RedrivePolicy": policy})

    def receive(self, url: str) -> list[dict[str, Any]]:
        asked = {
            "QueueUrl": url,
            "MaxNumberOfMessages": 10,
            "AttributeNames": ["All"],
            "VisibilityTimeout": 0,
        }
        found: list[dict[str, Any]] = client("sqs").receive_message(**asked).get("Messages", [])
        return found

    def work_off(self, road: Road) -> int:
        """Until nothing comes any more; how many deliveries that took."""
        for deliveries in range(20):
            messages = self.receive(self._world.queue_url)
            if not messages:
                return deliveries
            failed = road.consume_once([lambda_record(message) for message in messages])
            for message in messages:
                if failed is not None and message["MessageId"] not in failed:
                    handle = message["ReceiptHandle"]
                    client("sqs").delete_message(QueueUrl=self._world.queue_url, ReceiptHandle=handle)
            road.publish()
        raise AssertionError("messages come for ever")

    def dead_letters(self) -> list[str]:
        return [message["Body"] for message in self.receive(self.dead)]

    def redrive(self) -> None:
        """Dead letters back to where they came from, as SQS moves them: their texts are all that stays."""
        for message in self.receive(self.dead):
            self._world.enqueue(message["Body"])
            client("sqs").delete_message(QueueUrl=self.dead, ReceiptHandle=message["ReceiptHandle"])


def bus(number: int, detail: Any, source: str = "shop.crm", detail_type: str = "Segment Message") -> str:
    head = {"id": f"eb-{number}", "source": source, "detail-type": detail_type, "time": to_iso(NOW)}
    return json.dumps({**head, "detail": detail})


POISON = [
    "poison",
    "[]",
    '{"door": "http"}',
    '{"door": "http", "source": "s", "received_at": "yesterday", "receipt": "r", "events": []}',
    '{"door": "import", "events": [[1]]}',
    '{"id": "1", "source": "shop.crm", "detail-type": "x"}',
    '{"id": "1", "source": "shop.crm", "detail-type": "x", "detail": {"a": 1',
    bus(1, {"events": "none"}, "halte.delivery", "OutcomesObserved.v1"),
    bus(1, {"submissions": [{}]}, "halte.ingest", "FormSubmitted.v1"),
    "[" * 5_000,
]


@pytest.mark.parametrize("body", POISON, ids=range(len(POISON)))
def test_poison_goes_to_the_dead_letters_and_its_neighbours_land(road: Road, world: World, body: str) -> None:
    """F20: after as many deliveries as the queue allows, in one batch with good messages."""
    queue = Queue(world)
    for text in (bus(2, call("track", 1, 1, userId="u-1")), body, bus(3, call("track", 2, 2, userId="u-2"))):
        world.enqueue(text)
    assert queue.work_off(road) == RECEIVES
    assert queue.dead_letters() == [body]
    assert {tuple(one["history"]) for one in road.state()["people"].values()} == {("m1",), ("m2",)}


@pytest.mark.parametrize("table", ["Identities", "Profiles"])
def test_dead_letters_land_once_they_are_redriven(road: Road, world: World, table: str) -> None:
    """F20, F11: a person could not be written while the messages came, its neighbours could. Later it goes, and what
    had landed lands not twice."""
    queue = Queue(world)
    broken = Fault("kept busy", anywhere, FAULTS["conflict"].act, lasting=True)

    def writes_of_u_2(one: Call) -> bool:
        return one.operation == "PutItem" and one.names(f'"{table}"', "userId#u-2")

    texts = [bus(n, call("track", n, n, userId=f"u-{1 + n % 2}")) for n in range(1, 5)]
    for text in texts:
        world.enqueue(text)
    with road.wire.watched(broken, writes_of_u_2):
        assert queue.work_off(road) == RECEIVES
    assert sorted(queue.dead_letters()) == sorted(text for text in texts if '"u-2"' in text)
    queue.redrive()
    world.enqueue(texts[1])  # and one that had landed
    queue.work_off(road)
    assert queue.dead_letters() == []
    people = road.state()["people"]
    assert {name: one["history"] for name, one in people.items()} == {
        "userId#u-1": ["m2", "m4"],
        "userId#u-2": ["m1", "m3"],
    }


QUARANTINED = [
    ("a list", [1], "invalid_json"),
    ("a text", "x", "invalid_json"),
    ("no type", {"userId": "u"}, "unknown_type"),
    ("a type of a later version", {"type": "intent", "userId": "u"}, "unknown_type"),
    ("nobody", {"type": "track", "event": "E"}, "no_identity"),
    ("the far future", {"type": "page", "userId": "u", "timestamp": "9999-01-01T00:00:00Z"}, "bad_timestamp"),
]


@pytest.mark.parametrize(
    ("detail", "reason"), [case[1:] for case in QUARANTINED], ids=[c[0] for c in QUARANTINED]
)
def test_what_is_no_event_is_kept_in_the_lake_with_its_reason(
    road: Road, world: World, detail: Any, reason: str
) -> None:
    """F21: it is not tried again, and its text stays for whoever wants to know."""
    world.enqueue(bus(1, detail))
    world.enqueue(bus(2, call("track", 1, 1, userId="u-1")))
    road.settle(world.take())
    lines = {line["receipt"]: line for line in world.lake()}
    assert (lines["eb-1"]["disposition"], lines["eb-1"]["reason"]) == ("rejected", reason)
    assert json.loads(lines["eb-1"]["refused"]) == detail
    assert lines["eb-2"]["disposition"] == "applied"


@pytest.mark.parametrize(
    ("source", "detail_type"),
    [
        ("halte.delivery", "OutcomesObserved.v2"),
        ("halte.ingest", "FormSubmitted.v2"),
        ("shop.crm", "Anything.v9"),
    ],
)
def test_a_message_of_an_unknown_version_is_kept_in_the_lake(
    road: Road, world: World, source: str, detail_type: str
) -> None:
    """F21: its producer is newer than this consumer; when that is deployed, the lake has what came in between."""
    world.enqueue(bus(1, {"outcomes": [{"what": "opened"}]}, source, detail_type))
    road.settle(world.take())
    (line,) = world.lake()
    assert (line["disposition"], line["reason"], line["source"]) == ("rejected", "unknown_type", source)
    assert json.loads(line["refused"]) == {"outcomes": [{"what": "opened"}]}
