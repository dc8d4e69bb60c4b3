"""An observer on the event bus: a rule and a queue of the local run's own, that see every fact the services publish.

It is no part of the system. The books are held against what it saw.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from math import ceil
from typing import Any

from services.shared.clock import from_iso

RULE = "local-observer"
FRESHNESS = {
    "ProfilesChanged": "change told",
    "SegmentEntered": "segment entered",
    "JourneyEntered": "journey entered",
    "ConsentChanged": "permission told",
}
"""Facts whose delay behind what led to them (a customer event; an entry in the ledger) is kept, and what the report
calls them."""

_LISTS = ("changes", "moves", "enrolments", "requests", "messages", "events", "refusals")


class Tap:
    """Collects facts by detail-type; repeated deliveries are told apart by what identifies an item."""

    def __init__(self, aws: Any, bus: str) -> None:
        self.events = 0
        self.items: Counter[str] = Counter()
        self.requested: dict[str, dict[str, Any]] = {}
        self.entered: dict[str, dict[str, Any]] = {}
        self.exited: dict[str, dict[str, Any]] = {}
        self.refused: dict[tuple[str, str, str, str], dict[str, Any]] = {}
        self.permissions: list[dict[str, Any]] = []
        self.delays: dict[str, list[float]] = {kind: [] for kind in FRESHNESS}
        self._sqs = aws("sqs")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._collect, name="tap", daemon=True)
        self.queue_url: str = self._sqs.create_queue(QueueName=RULE)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=["QueueArn"])
        pattern = json.dumps({"source": [{"prefix": "halte."}]})
        aws("events").put_rule(Name=RULE, EventBusName=bus, EventPattern=pattern)
        aws("events").put_targets(
            Rule=RULE, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}]
        )

    def start(self) -> None:
        """Begin to collect, or go on with it after a stop."""
        if self._stopping.is_set():
            self._stopping.clear()
            self._thread = threading.Thread(target=self._collect, name="tap", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Collect what is left, and stop."""
        self._stopping.set()
        self._thread.join(timeout=30)

    def _collect(self) -> None:
        while True:
            answer = self._sqs.receive_message(
                QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1
            )
            messages = answer.get("Messages", [])
            for message in messages:
                self.see(json.loads(message["Body"]))
            if messages:
                receipts = [
                    {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)
                ]
                self._sqs.delete_message_batch(QueueUrl=self.queue_url, Entries=receipts)
            elif self._stopping.is_set():
                return

    def freshness(self) -> str:
        """Within how many real seconds of their acceptance nineteen of twenty events had led to what."""
        slowest = {
            kind: sorted(found)[ceil(0.95 * len(found)) - 1] for kind, found in self.delays.items() if found
        }
        return ", ".join(f"{FRESHNESS[kind]} {seconds:.1f} s" for kind, seconds in slowest.items())

    def see(self, event: dict[str, Any], now: float | None = None) -> None:
        """Count one event of the bus, seen at `now` (seconds since the epoch; default: by the real clock)."""
        self.events += 1
        now = time.time() if now is None else now
        kind = event["detail-type"].partition(".")[0]
        for item in _items(event["detail"]):
            self.items[kind] += 1
            began = item.get("accepted_at") or item.get("recorded_at")
            if kind in FRESHNESS and began:
                self.delays[kind].append(now - from_iso(began).timestamp())
            if kind in ("MessageRequested", "ConfirmationRequested"):
                self.requested.setdefault(item["send_id"], {**item, "kind": kind})
            elif kind == "JourneyEntered":
                self.entered.setdefault(item["enrolment_id"], item)
            elif kind == "JourneyExited":
                self.exited.setdefault(item["enrolment_id"], item)
            elif kind == "EntryRefused":
                of = (item["profile_id"], item["journey"], item["reason"], item["at"])
                self.refused.setdefault(of, item)
            elif kind == "ConsentChanged":
                self.permissions.append(item)


def _items(detail: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in _LISTS:
        yield from detail.get(name, [])
