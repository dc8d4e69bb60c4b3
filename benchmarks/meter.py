"""The billable-unit meter: hooks of the SDK and of the road count units by part; prices turn them into dollars.

Lambda's duration is modelled, because moto answers in no time and on a faster processor share:
CPU seconds are measured (moto's and the meter's own are taken off) and billed at the memory that buys a whole
processor, since less memory makes the same work last proportionally longer; waiting is `WAIT_SECONDS` a call, spread
over the threads that made the calls, billed at the function's own memory.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks import dynamo_meter
from benchmarks.prices import Prices
from tests.support.processes import LOG, Function

CHUNK = 64 * 1024
HTTP_CHUNK = 512 * 1024
FIREHOSE_RECORD = 5 * 1024
"""Firehose bills each record as a multiple of this."""
RECEIVE_BATCH = 10
WAIT_SECONDS = 0.005
"""Assumed length of one call to an AWS service from a function in the same region."""
WHOLE_PROCESSOR_MB = 1769
OUTSIDE = "(outside)"
"""The part of calls that no function makes: a benchmark's own set-up."""
PROVIDERS = "(providers)"
"""The part of what providers have AWS do in the account to tell us something, until it is in a queue of ours."""
_WRITES, _REQUEST = "meter_writes", "meter_request"


@dataclass
class Meter:
    """Counts into `amounts[part][unit]` while `running`; a part is a function's title."""

    prices: Prices
    running: bool = False
    amounts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _part: str = OUTSIDE
    _uncounted: float = 0.0
    _calls: Counter[int] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.local = field(default_factory=threading.local)

    def attach(self, events: Any) -> None:
        """Listen on a botocore event system before any client is made from it."""
        events.register("before-parameter-build", self._before)
        events.register_first("before-send", self._sending)
        events.register("after-call", self._after)

    def add(self, unit: str, amount: float, part: str | None = None) -> None:
        """Count an amount of a unit."""
        if self.running:
            with self._lock:
                self.amounts[part or self._part][unit] += amount  # type: ignore[assignment]

    # What the road tells

    @contextmanager
    def invocation(self, function: Function) -> Iterator[None]:
        """Around one call of a function."""
        outer, self._part = self._part, function.title
        self._uncounted, self._calls, logged = 0.0, Counter(), LOG.size
        began = time.process_time()
        try:
            yield
        finally:
            cpu = max(0.0, time.process_time() - began - self._uncounted)
            waiting = WAIT_SECONDS * sum(self._calls.values()) / max(1, len(self._calls))
            self.add("lambda.request", 1)
            self.add("lambda.gb_second_cpu", cpu * max(function.memory, WHOLE_PROCESSOR_MB) / 1024)
            self.add("lambda.gb_second_waiting", waiting * function.memory / 1024)
            self.add("logs.megabyte", (LOG.size - logged) / 1_000_000)
            self._part = outer

    def http(self, function: Function, size: int) -> None:
        """An HTTP API request."""
        self.add("http.request", chunks(size, HTTP_CHUNK), function.title)

    def queued(self, function: Function, size: int) -> None:
        """The bus sent a message to the queue of a function."""
        self.add("sqs.request", chunks(size), function.title)

    def polled(self, function: Function, sizes: Sequence[int]) -> None:
        """Lambda's pollers receive and delete by ten; polls that find nothing are a fixed cost and not counted."""
        for start in range(0, len(sizes), RECEIVE_BATCH):
            received = sum(sizes[start : start + RECEIVE_BATCH])
            self.add("sqs.request", chunks(received) + 1, function.title)

    def published(self, size: int) -> None:
        """A provider published something on a topic; what that is in a queue is counted there."""
        self.add("sns.publish", chunks(size), PROVIDERS)

    def filed(self, sizes: Sequence[int]) -> None:
        """Firehose takes records, writes a file of them, and S3 tells of it on the account's bus: counted like any
        event, though accounts of what AWS bills of its own events differ."""
        self.add("firehose.record", sum(chunks(size, FIREHOSE_RECORD) for size in sizes), PROVIDERS)
        self.add("s3.put", 1, PROVIDERS)
        self.add("events.event", 1, PROVIDERS)

    def transitions(self, count: int) -> None:
        """States entered, retries included."""
        self.add("states.transition", count, "journeys.execution")

    # What the SDK tells

    def _before(self, params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        began = time.thread_time()
        context[_REQUEST], self._thread.sent = params, 0.0
        if model.service_model.service_name == "dynamodb" and self.running:
            context[_WRITES] = dynamo_meter.before(model.name, params)
        self._take_off(began)

    def _sending(self, **_: Any) -> None:
        self._thread.sent = time.thread_time()

    def _after(self, parsed: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        began = self._thread.sent or time.thread_time()
        with self._lock:
            self._calls[threading.get_ident()] += 1
        service, request = model.service_model.service_name, context[_REQUEST]
        if service == "dynamodb" and self.running:
            writes, reads = dynamo_meter.units(model.name, request, context.get(_WRITES, []), parsed)
            self.add("dynamodb.write", writes)
            self.add("dynamodb.read", reads)
        else:
            for unit, amount in _plain_units(service, model.name, request):
                self.add(unit, amount)
        self._take_off(began)

    def _take_off(self, began: float) -> None:
        with self._lock:
            self._uncounted += time.thread_time() - began

    # What there is to see

    def usd(self) -> float:
        """What all counted units cost together."""
        return sum(self.prices.usd(unit, n) for units in self.amounts.values() for unit, n in units.items())

    def amount(self, unit: str) -> float:
        """How much of a unit was counted, in all parts."""
        return sum(units[unit] for units in self.amounts.values())

    def lines(self, per: float) -> list[dict[str, Any]]:
        """`{part, unit, amount, usd}` for every part and unit, scaled to a million things of `per` counted."""
        scale = 1_000_000 / per
        found = [
            {
                "part": part,
                "unit": unit,
                "amount": round(amount * scale),
                "usd": round(self.prices.usd(unit, amount * scale), 4),
            }
            for part, units in self.amounts.items()
            for unit, amount in units.items()
            if amount
        ]
        return sorted(found, key=lambda line: -float(line["usd"]))


def chunks(size: int, chunk: int = CHUNK) -> int:
    """Billed pieces of a payload: at least one."""
    return max(1, math.ceil(size / chunk))


def _plain_units(service: str, operation: str, request: Mapping[str, Any]) -> list[tuple[str, float]]:
    if operation == "PutEvents":
        sizes = [len((e["Source"] + e["DetailType"] + e["Detail"]).encode()) for e in request["Entries"]]
        return [("events.event", sum(chunks(size) for size in sizes))]
    if operation == "SendMessage":
        return [("sqs.request", chunks(len(request["MessageBody"].encode())))]
    if operation == "SendMessageBatch":
        return [("sqs.request", chunks(sum(len(e["MessageBody"].encode()) for e in request["Entries"])))]
    unit = _BY_OPERATION.get((service, operation))
    return [(unit, 1)] if unit else []


_BY_OPERATION = {
    ("s3", "PutObject"): "s3.put",
    ("s3", "GetObject"): "s3.get",
    ("secretsmanager", "GetSecretValue"): "secrets.call",
    ("sesv2", "SendEmail"): "ses.mail",
}
