"""The whole road in one process: the real handlers, joined as the synthesised templates join them, on moto.

What a road does not show: concurrency, latency, IAM, and Lambda's own retries beyond a message's receives.
"""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Protocol, Self
from unittest import mock
from urllib.parse import urlencode

import boto3
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb.models import dynamodb_backends

from services.shared.aws import clients, secrets
from services.shared.clock import Clock, FixedClock, to_iso
from tests.support.fabric import Fabric, Message, Queue, Sent
from tests.support.processes import LOG, Function, Process
from tests.support.stage import Mapped, Stage
from tests.support.templates import ACCOUNT, REGION, Templates

ADMIN_KEY = "road-admin-key"
_clock: FixedClock | None = None
_SHOWN = 500
_AUTHORIZER_TTL = timedelta(seconds=300)


def clock() -> Clock:
    """The clock of the road that is open; functions find it through CLOCK_FACTORY.

    Raises:
        RuntimeError: no road is open.
    """
    if _clock is None:
        raise RuntimeError("no road is open")
    return _clock


class Watch(Protocol):
    """Told of what no SDK call shows: invocations, HTTP requests, queue polls, transitions."""

    def attach(self, events: Any) -> None:
        """Listen on the botocore event system before any client is made."""

    def invocation(self, function: Function) -> AbstractContextManager[None]:
        """Around each call of a function."""

    def http(self, function: Function, size: int) -> None:
        """An HTTP API request of `size` bytes."""

    def queued(self, function: Function, size: int) -> None:
        """The bus sent a message into the queue of a function."""

    def polled(self, function: Function, sizes: Sequence[int]) -> None:
        """Lambda's poller took these messages off a queue, and deleted them."""

    def transitions(self, count: int) -> None:
        """States entered."""


@dataclass(frozen=True)
class Response:
    """The answer of a route."""

    status: int
    body: str
    headers: Mapping[str, str]

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Road:
    """Open it with `with`; then `http`, `put_event`, `feedback` put work in, `deliver` and `advance` move it on."""

    templates: Templates
    start: datetime
    watch: Watch | None = None
    failures: list[str] = field(default_factory=list)
    invocations: int = 0
    _positions: dict[str, int] = field(default_factory=dict)
    _authorized_until: datetime | None = None

    def __enter__(self) -> Self:
        global _clock
        self.clock = _clock = FixedClock(self.start)
        self._open = contextlib.ExitStack()
        self._open.enter_context(_one_request_at_a_time())
        self._open.enter_context(mock_aws())
        _forget()
        boto3.setup_default_session(region_name=REGION)
        self.fabric = Fabric(self.clock)
        events = boto3.DEFAULT_SESSION.events
        self.fabric.attach(events)
        self.stage = Stage.of(self.templates, clock_factory=f"{__name__}:clock")
        self.stage.build(self.fabric)
        self.processes = {arn: Process(one) for arn, one in self.stage.functions.items()}
        if self.watch is not None:
            self.watch.attach(events)
            self.fabric.on_queued = self._queued
        client = boto3.client("secretsmanager")
        client.put_secret_value(SecretId=self.stage.parameter("admin-key-secret-arn"), SecretString=ADMIN_KEY)
        _forget()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _clock
        self._open.close()
        _clock = None
        _forget()
        boto3.DEFAULT_SESSION = None

    # Work from outside

    def http(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        admin: bool = False,
    ) -> Response:
        """One HTTP request; `body` is sent as JSON (bytes go as they are), `admin` adds the marketers' key."""
        sent = {"host": "api.example", **{k.lower(): v for k, v in (headers or {}).items()}}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        if form is not None:
            data, sent["content-type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        elif body is not None:
            sent.setdefault("content-type", "application/json")
        if admin:
            sent["authorization"] = f"Bearer {ADMIN_KEY}"
        route, parameters = self.stage.route(method, path)
        event = _request(method, path, route.key, parameters, query or {}, sent, data, self.clock.now())
        if route.authorizer is not None and not self._let_in(route.authorizer, event):
            return Response(403, '{"message":"Forbidden"}', {})
        if self.watch is not None:
            self.watch.http(self.processes[route.function].function, len(data))
        answer = self._invoke(route.function, event)
        text = answer.get("body") or ""
        if answer.get("isBase64Encoded"):
            text = base64.b64decode(text).decode()
        return Response(answer["statusCode"], text, answer.get("headers") or {})

    def put_event(self, source: str, detail_type: str, detail: Mapping[str, Any]) -> str:
        """A client's own PutEvents; the event's id."""
        return self.fabric.put_event(source, detail_type, json.dumps(detail))

    def feedback(self, notice: Mapping[str, Any]) -> None:
        """What a provider publishes on the feedback topic."""
        topic = self.stage.parameter("feedback-topic-arn")
        for subscriber in self.stage.topics[topic]:
            envelope = {
                "Type": "Notification",
                "MessageId": "1",
                "TopicArn": topic,
                "Message": json.dumps(notice),
            }
            body = notice if subscriber.raw else {**envelope, "Timestamp": to_iso(self.clock.now())}
            self.fabric.queues[subscriber.queue].send(json.dumps(body))

    # Moving on

    def deliver(self) -> None:
        """Move everything that can move now: table streams, queues, executions; until all is quiet."""
        while self._streams() or self._queues() or self._executions():
            pass

    def advance(self, by: timedelta, *, schedules_every: timedelta | None = timedelta(days=1)) -> None:
        """Let time pass, waking executions when they are due and running schedules at the given interval."""
        end = self.clock.now() + by
        self.deliver()
        while self.clock.now() < end:
            stops = [end, *(e.wake_at for e in self.fabric.executions.values() if e.wake_at is not None)]
            if schedules_every is not None:
                stops.append(self.clock.now() + schedules_every)
            self.clock.advance(max(min(stops) - self.clock.now(), timedelta(0)))
            if schedules_every is not None:
                self.run_schedules()
            self.deliver()

    def run_schedules(self) -> None:
        """Run every scheduled function once."""
        for arn in self.stage.scheduled:
            self._invoke(arn, {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}})

    # What there is to see

    def facts(self, detail_type: str) -> list[dict[str, Any]]:
        """The details of every event of a type that was on the bus."""
        return [e["detail"] for e in self.fabric.published if e["detail-type"] == detail_type]

    @property
    def outbox(self) -> list[Sent]:
        """All that was sent."""
        return self.fabric.outbox

    def dead_letters(self) -> list[str]:
        """The beginnings of messages that were given up, and of what their functions said."""
        parked = [
            m.body for q in self.fabric.queues.values() if q.dead_letters for m in q.dead_letters.messages
        ]
        return [*parked, *self.failures] if parked else []

    def items(self, stack: str, logical_prefix: str) -> list[dict[str, Any]]:
        """Every item, in DynamoDB's typed form, of the one table whose id begins so."""
        name = self.stage.table_named(stack, logical_prefix)
        return [item.to_json()["Attributes"] for item in _table(name).all_items()]

    # The machinery

    def _queued(self, queue: Queue, body: str) -> None:
        for mapped in self.stage.consumers:
            if self.watch is not None and mapped.source == queue.name:
                self.watch.queued(self.processes[mapped.function].function, len(body.encode()))

    def _invoke(self, arn: str, event: Any) -> Any:
        process = self.processes[arn]
        process.load()
        self.invocations += 1
        text = json.dumps(event, default=_base64)
        watched = self.watch.invocation(process.function) if self.watch else nullcontext()
        with watched:
            answer = process.call(json.loads(text))
        return json.loads(json.dumps(answer))

    def _let_in(self, authorizer: str, event: Mapping[str, Any]) -> bool:
        if self._authorized_until is not None and self.clock.now() < self._authorized_until:
            return bool(event["headers"].get("authorization") == f"Bearer {ADMIN_KEY}")
        allowed = bool(self._invoke(authorizer, event)["isAuthorized"])
        if allowed:
            self._authorized_until = self.clock.now() + _AUTHORIZER_TTL
        return allowed

    def _streams(self) -> bool:
        moved = False
        for mapped in self.stage.streams:
            records = _stream_records(mapped.source, self._positions.get(mapped.id, 0), mapped.batch_size)
            if records:
                self._invoke(mapped.function, {"Records": records})
                self._positions[mapped.id] = self._positions.get(mapped.id, 0) + len(records)
                moved = True
        return moved

    def _queues(self) -> bool:
        moved = False
        for mapped in self.stage.consumers:
            queue = self.fabric.queues[mapped.source]
            taken = queue.take(mapped.batch_size)
            if taken:
                self._consume(mapped, queue, taken)
                moved = True
        return moved

    def _consume(self, mapped: Mapped, queue: Queue, taken: list[Message]) -> None:
        function = self.processes[mapped.function].function
        records = [_sqs_record(message, mapped.source) for message in taken]
        before = len(LOG.tail)
        try:
            answer = self._invoke(mapped.function, {"Records": records}) or {}
            failed = {one["itemIdentifier"] for one in answer.get("batchItemFailures", [])}
        except Exception as error:  # Lambda's poller: the batch comes back
            failed = {message.id for message in taken}
            self.failures.append(f"{function.title}: {error!r}")
        if failed:
            self.failures += [f"{function.title}: {line}" for line in LOG.tail[before:]]
        for message in taken:
            if message.id in failed:
                queue.give_back(message)
        if self.watch is not None:
            self.watch.polled(function, [len(message.body.encode()) for message in taken])

    def _executions(self) -> bool:
        moved = False
        for execution in list(self.fabric.executions.values()):
            before = execution.transitions
            if execution.run(self.clock.now(), self._invoke):
                moved = True
                if self.watch is not None:
                    self.watch.transitions(execution.transitions - before)
            if execution.status == "FAILED":
                raise AssertionError(
                    f"execution {execution.name} failed in {execution.state}: {execution.cause}"
                )
        return moved


@contextlib.contextmanager
def _one_request_at_a_time() -> Iterator[None]:
    """moto's transactions copy tables that other threads change meanwhile."""
    lock, answer = threading.Lock(), BotocoreStubber.__call__

    def locked(self: BotocoreStubber, *args: Any, **options: Any) -> Any:
        with lock:
            return answer(self, *args, **options)

    with mock.patch.object(BotocoreStubber, "__call__", locked):
        yield


def _forget() -> None:
    clients.client.cache_clear()
    clients.single_attempt_client.cache_clear()
    secrets._kept.clear()


def _table(name: str) -> Any:
    return dynamodb_backends[ACCOUNT][REGION].tables[name]


def _stream_records(table: str, position: int, count: int) -> list[dict[str, Any]]:
    shard = _table(table).stream_shard
    return [_stream_record(one.record) for one in shard.items[position : position + count]]


def _stream_record(record: Mapping[str, Any]) -> dict[str, Any]:
    at = clock().now().timestamp()
    return {**record, "dynamodb": {**record["dynamodb"], "ApproximateCreationDateTime": at}}


def _base64(value: Any) -> str:
    """How Lambda writes a binary attribute of a stream record."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} in an event")


def _sqs_record(message: Message, queue: str) -> dict[str, Any]:
    return {
        "messageId": message.id,
        "receiptHandle": message.id,
        "body": message.body,
        "attributes": {"ApproximateReceiveCount": str(message.receives + 1)},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
        "awsRegion": REGION,
    }


def _request(
    method: str,
    path: str,
    route_key: str,
    parameters: Mapping[str, str],
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> dict[str, Any]:
    """The payload, format 2.0, in which an HTTP API hands a request to Lambda."""
    content = headers.get("content-type", "")
    is_text = (
        content.startswith(("text/", "application/json", "application/x-www-form-urlencoded")) or not body
    )
    try:
        text, encoded = (body.decode(), False) if is_text else (base64.b64encode(body).decode(), True)
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode(), True
    return {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": urlencode(query),
        "headers": dict(headers),
        "queryStringParameters": dict(query),
        "pathParameters": dict(parameters),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "road",
            "domainName": "api.example",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "road",
            },
            "requestId": "road",
            "routeKey": route_key,
            "stage": "$default",
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "body": text or None,
        "isBase64Encoded": encoded,
    }
