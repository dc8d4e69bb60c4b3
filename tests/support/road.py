"""The whole road in one process: the real handlers, joined as the synthesised templates join them, on moto.

What a road does not show: concurrency, latency, IAM, and Lambda's own retries beyond a message's receives.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import boto3
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

from services.shared.aws import clients, secrets
from services.shared.clock import Clock, FixedClock, to_iso
from tests.support.fabric import Fabric, Message, Queue, Sent
from tests.support.moto_repairs import repair
from tests.support.processes import LOG, Process
from tests.support.stage import Mapped, Stage
from tests.support.templates import ACCOUNT, REGION, Templates
from tests.support.watch import Watch
from tests.support.wire import Response, base64_text, http_request, sqs_record, stream_record

ADMIN_KEY = "road-admin-key"
_clock: FixedClock | None = None
_AUTHORIZER_TTL = timedelta(seconds=300)


def clock() -> Clock:
    """The clock of the road that is open; functions find it through CLOCK_FACTORY.

    Raises:
        RuntimeError: no road is open.
    """
    if _clock is None:
        raise RuntimeError("no road is open")
    return _clock


@dataclass
class Road:
    """Open it with `with`; then `http`, `put_event`, `feedback` put work in, `deliver` and `advance` move it on.

    Queues of `idle_services` are not worked off: their messages stay where they are. With `twice`, everything that
    is delivered at least once (queue messages, stream records, tasks) is delivered exactly twice.
    """

    templates: Templates
    start: datetime
    watch: Watch | None = None
    idle_services: frozenset[str] = frozenset()
    twice: bool = False
    failures: list[str] = field(default_factory=list)
    invocations: int = 0
    _positions: dict[str, int] = field(default_factory=dict)
    _authorized_until: datetime | None = None

    def __enter__(self) -> Self:
        global _clock
        self.clock = _clock = FixedClock(self.start)
        self._open = contextlib.ExitStack()
        repair()
        self._open.enter_context(mock_aws())
        _forget()
        boto3.setup_default_session(region_name=REGION)
        self.fabric = Fabric(self.clock)
        events = boto3.DEFAULT_SESSION.events
        self.fabric.attach(events)
        self.stage = Stage.of(self.templates, clock_factory=f"{__name__}:clock")
        self.stage.build(self.fabric)
        self.fabric.invoke = self._invoke
        self.processes = {arn: Process(one) for arn, one in self.stage.functions.items()}
        self.arns = {process.function.name: arn for arn, process in self.processes.items()}
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
        event = http_request(method, path, route.key, parameters, query or {}, sent, data, self.clock.now())
        if route.authorizer is not None and not self._let_in(route.authorizer, event):
            return Response(403, '{"message":"Forbidden"}', {})
        if self.watch is not None:
            self.watch.http(self.processes[route.function].function, len(data))
        answer = self._invoke(route.function, event)
        text = answer.get("body") or ""
        if answer.get("isBase64Encoded"):
            text = base64.b64decode(text).decode("utf-8", "replace")
        return Response(answer["statusCode"], text, answer.get("headers") or {})

    def put_event(self, source: str, detail_type: str, detail: Mapping[str, Any]) -> str:
        """A client's own PutEvents; the event's id."""
        return self.fabric.put_event(source, detail_type, json.dumps(detail))

    def ses_tells(self, notices: Iterable[Mapping[str, Any]]) -> None:
        """What SES has to tell, each by the road that the stage has for its kind: published on a topic, or filed
        together with the others; nothing of what it is not asked for."""
        files: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for notice in notices:
            (of,) = notice["mail"]["tags"]["ses:configuration-set"]
            words = notice["eventType"].replace(" ", "")
            road = self.stage.mail_roads[of].get(words[0].lower() + words[1:])
            if road is not None and road in self.stage.topics:
                self._publish(road, notice)
            elif road is not None:
                files[road].append(notice)
        for bucket, filed in files.items():
            self._file(bucket.rpartition(":")[2], filed)

    def feedback(self, notice: Mapping[str, Any]) -> None:
        """What a provider publishes on the feedback topic."""
        self._publish(self.stage.parameter("feedback-topic-arn"), notice)

    def inbound(self, notice: Mapping[str, Any]) -> None:
        """What a provider publishes of a message that came in."""
        self._publish(self.stage.parameter("inbound-topic-arn"), notice)

    def _file(self, bucket: str, notices: Sequence[Mapping[str, Any]]) -> None:
        """As Firehose writes it, with nothing between the records; and S3 tells of it on the account's bus."""
        records = [json.dumps(notice) for notice in notices]
        name = f"{self.clock.now():%Y/%m/%d/%H}/reports-{uuid.uuid4()}.gz"
        # A session that nobody watches: Firehose is not one of our functions.
        session = boto3.session.Session(region_name=REGION)
        session.client("s3").put_object(
            Bucket=bucket, Key=name, Body=gzip.compress("".join(records).encode())
        )
        if self.watch is not None:
            self.watch.filed([len(record.encode()) for record in records])
        written = {"bucket": {"name": bucket}, "object": {"key": name}}
        self.fabric.put_event("aws.s3", "Object Created", json.dumps(written), default_bus=True)

    def _publish(self, topic: str, notice: Mapping[str, Any]) -> None:
        if self.watch is not None:
            self.watch.published(len(json.dumps(notice).encode()))
        for subscriber in self.stage.topics[topic]:
            envelope = {
                "Type": "Notification",
                "MessageId": "1",
                "TopicArn": topic,
                "Message": json.dumps(notice),
            }
            body = notice if subscriber.raw else {**envelope, "Timestamp": to_iso(self.clock.now())}
            queue, text = self.fabric.queues[subscriber.queue], json.dumps(body)
            queue.send(text)
            self.fabric.on_queued(queue, text)

    def ask_person(self, service: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """What the person function that a service announces answers."""
        return dict(self._invoke(self.stage.parameter(f"person-{service}"), question))

    # Moving on

    def deliver(self) -> None:
        """Move everything that can move now: table streams, queues, executions; until all is quiet."""
        while self._streams() or self._queues() or self._executions():
            pass

    def advance(self, by: timedelta, *, schedules_every: timedelta | None = timedelta(days=10)) -> None:
        """Let time pass, waking executions when they are due and running schedules at the given interval: all of
        them, which takes longer than most of what a test is about."""
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
            function = self.processes[mapped.function].function
            idle = function.service in self.idle_services
            if self.watch is not None and mapped.source == queue.name and not idle:
                self.watch.queued(function, len(body.encode()))

    def _invoke(self, function: str, event: Any) -> Any:
        """A function by its ARN, or by its name."""
        process = self.processes[self.arns.get(function, function)]
        process.load()
        self.invocations += 1
        text = json.dumps(event, default=base64_text)
        watched = self.watch.invocation(process.function) if self.watch else nullcontext()
        with watched:
            answer = process.call(json.loads(text))
        return json.loads(json.dumps(answer))

    def _deliver_to(self, arn: str, event: Any) -> Any:
        if self.twice:
            self._invoke(arn, event)
        return self._invoke(arn, event)

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
                self._deliver_to(mapped.function, {"Records": records})
                self._positions[mapped.id] = self._positions.get(mapped.id, 0) + len(records)
                moved = True
        return moved

    def _queues(self) -> bool:
        moved = False
        for mapped in self.stage.consumers:
            queue = self.fabric.queues[mapped.source]
            idle = self.processes[mapped.function].function.service in self.idle_services
            taken = [] if idle else queue.take(mapped.batch_size)
            if taken:
                self._consume(mapped, queue, taken)
                moved = True
        return moved

    def _consume(self, mapped: Mapped, queue: Queue, taken: list[Message]) -> None:
        function = self.processes[mapped.function].function
        records = [sqs_record(message, mapped.source) for message in taken]
        before = len(LOG.tail)
        try:
            answer = self._deliver_to(mapped.function, {"Records": records}) or {}
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
            if execution.run(self.clock.now(), self._deliver_to):
                moved = True
                if self.watch is not None:
                    self.watch.transitions(execution.transitions - before)
            if execution.status == "FAILED":
                raise AssertionError(
                    f"execution {execution.name} failed in {execution.state}: {execution.cause}"
                )
        return moved


def _forget() -> None:
    clients.client.cache_clear()
    clients.single_attempt_client.cache_clear()
    secrets._kept.clear()


def _table(name: str) -> Any:
    return dynamodb_backends[ACCOUNT][REGION].tables[name]


def _stream_records(table: str, position: int, count: int) -> list[dict[str, Any]]:
    shard = _table(table).stream_shard
    return [stream_record(one.record, clock().now()) for one in shard.items[position : position + count]]
