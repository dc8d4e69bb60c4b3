"""What happens to profiles on its way to two sinks, a webhook that is down at times and an event bus."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from services.ingest.bootstrap import sinks as bootstrap
from services.ingest.domain.circuit import Answer, Delivered, Failed
from services.ingest.handlers import on_deliveries, on_profiles_changed, sweep_sinks
from services.shared.aws.clients import client
from services.shared.clock import FixedClock, to_iso
from tests.faults.memory import go_back, remember, survived
from tests.faults.wire import Crash, Wire
from tests.integration.ingest.test_sinks import change, changes

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROUND = timedelta(minutes=10)
ROUNDS = 60
CLOCK = FixedClock(START)
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 120_000)


def clock() -> FixedClock:
    """What CLOCK_FACTORY names in these tests."""
    return CLOCK


@dataclass(frozen=True)
class Step:
    """Facts, by their event ids; and for how many rounds the receiver then refuses everything."""

    name: str
    facts: Mapping[str, tuple[str, dict[str, Any]]]
    down: int = 0


def told(*rows: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "ProfilesChanged.v1", changes(*rows)


def erased(*profile_ids: str) -> tuple[str, dict[str, Any]]:
    erasure = {"erasure_id": "ers_1", "profile_ids": list(profile_ids), "at": to_iso(START)}
    return "ProfilesErased.v1", {"erasures": [erasure]}


MERGED = ("ProfilesMerged.v1", {"merges": [{"loser": "prf_1", "winner": "prf_2", "at": to_iso(START)}]})
STEPS = (
    Step(
        "changes",
        {
            "e1": told(change("prf_1", 1, email="a@example.com"), change("prf_2", 1)),
            "e2": told(change("prf_1", 2, email="a@example.com", plan="gold")),
        },
    ),
    Step(
        "outage",
        {
            "e3": told(change("prf_1", 3, email="b@example.com"), change("prf_2", 2, email="c@example.com")),
            **{f"e4-{n}": told(change(f"prf_{n}", 1, email="x@example.com")) for n in range(3, 6)},
            "e5": MERGED,
        },
        down=1,
    ),
    Step("erasure", {"e6": erased("prf_1"), "e7": told(change("prf_1", 9, email="d@example.com"))}),
)


@dataclass
class Receiver:
    """In place of HTTPS: what was sent by the id of the delivery, and until when nothing is taken."""

    wire: Wire
    down_until: datetime = START
    took: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        if self.wire.is_dead:
            raise Crash
        if clock().now() < self.down_until:
            return Failed("http_503")
        self.took[headers["webhook-id"]].add(body)
        return Delivered()


@dataclass
class Road:
    """Facts to sinks: a webhook that watches a trait, and an event bus."""

    wire: Wire
    queue_url: str
    partner_url: str
    receiver: Receiver
    heard: set[str] = field(default_factory=set)

    def walk(self, step: Step) -> None:
        """Facts come again until they are forwarded; deliveries until none is left, one round every ten minutes."""
        self.receiver.down_until = clock().now() + step.down * ROUND
        for event_id, (fact, detail) in step.facts.items():
            body = {"id": event_id, "source": "halte.ingest", "detail-type": fact, "detail": detail}
            record = {"messageId": event_id, "body": json.dumps(body)}
            self._until_done(lambda record=record: on_profiles_changed.handler({"Records": [record]}, None))
        in_hand: list[dict[str, Any]] = []
        for _ in range(ROUNDS):
            in_hand = self._deliver([*in_hand, *self._received()])
            survived(self.wire, lambda: sweep_sinks.handler({}, CONTEXT))  # before what failed comes again
            CLOCK.advance(ROUND)
            if not in_hand and not self._waiting():
                self._listen()
                return
        raise AssertionError("deliveries never were done")

    def _deliver(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """One try of each; those that come again."""
        if not records:
            return []
        answer = survived(self.wire, lambda: on_deliveries.handler({"Records": records}, CONTEXT))
        again = {one["itemIdentifier"] for one in answer["batchItemFailures"]} if answer else None
        left = [one for one in records if again is None or one["messageId"] in again]
        for one in records:
            if one not in left:
                client("sqs").delete_message(QueueUrl=self.queue_url, ReceiptHandle=one["receiptHandle"])
        for one in left:
            count = int(one["attributes"]["ApproximateReceiveCount"])
            one["attributes"] = {"ApproximateReceiveCount": str(count + 1)}
        return left

    def _received(self) -> list[dict[str, Any]]:
        records = []
        while found := self._take():
            records += [
                {
                    "messageId": one["MessageId"],
                    "receiptHandle": one["ReceiptHandle"],
                    "body": one["Body"],
                    "attributes": {"ApproximateReceiveCount": "1"},
                }
                for one in found
            ]
        return records

    def _take(self) -> list[dict[str, Any]]:
        taken = client("sqs").receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, VisibilityTimeout=43_200
        )
        return list(taken.get("Messages", []))

    def _waiting(self) -> bool:
        """Is anything in the queue, or parked?"""
        counts = client("sqs").get_queue_attributes(
            QueueUrl=self.queue_url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return bool(int(counts["Attributes"]["ApproximateNumberOfMessages"]) or self._kept("parked"))

    def _kept(self, what: str) -> list[dict[str, Any]]:
        items = client("dynamodb").scan(TableName="Forwarding")["Items"]
        return [one for one in items if one["sk"]["S"].startswith(what)]

    def _listen(self) -> None:
        while messages := client("sqs").receive_message(QueueUrl=self.partner_url).get("Messages"):
            for one in messages:
                event = json.loads(one["Body"])
                self.heard.add(json.dumps({"type": event["detail-type"], "data": event["detail"]}))
                client("sqs").delete_message(QueueUrl=self.partner_url, ReceiptHandle=one["ReceiptHandle"])

    def _until_done(self, run: Callable[[], Any]) -> None:
        for _ in range(ROUNDS):
            if survived(self.wire, run) == {"batchItemFailures": []}:
                return
        raise AssertionError("a fact never was forwarded")

    def state(self) -> Any:
        """The rows that sinks were told, what is remembered of that, and how they are doing. An id comes with one body,
        so that a receiver may drop what it had; a crash of the fan-out may tell a row in another delivery besides."""
        assert all(len(bodies) == 1 for bodies in self.receiver.took.values()), "an id came with two bodies"
        digests = {
            (one["pk"]["S"], one["sk"]["S"]): (one["version"], one["digest"]) for one in self._kept("told")
        }
        healths = bootstrap.registry()._sinks.overview()[1]
        return {
            "webhook": {
                row for bodies in self.receiver.took.values() for body in bodies for row in rows(body)
            },
            "bus": {row for body in self.heard for row in rows(body)},
            "digests": digests,
            "erased": {one["pk"]["S"] for one in self._kept("erased")},
            "health": {name: one.state for name, one in healths.items()},
        }

    def snapshot(self) -> Any:
        cold()
        return (
            remember(),
            CLOCK.now(),
            {name: set(bodies) for name, bodies in self.receiver.took.items()},
            set(self.heard),
        )

    def go_back(self, to: Any) -> None:
        cold()
        held, CLOCK._now, took, heard = to
        go_back(held)
        self.receiver.took = defaultdict(set, {name: set(bodies) for name, bodies in took.items()})
        self.heard = set(heard)


def rows(body: bytes | str) -> set[str]:
    """What a delivery tells, one by one."""
    said = json.loads(body)
    return {said["type"] + json.dumps(row, sort_keys=True) for some in said["data"].values() for row in some}


def cold() -> None:
    """What comes next is done by processes that begin anew."""
    for made in (bootstrap.forward, bootstrap.deliver, bootstrap.sweep):
        made.cache_clear()
