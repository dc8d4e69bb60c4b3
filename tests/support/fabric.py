"""The parts of AWS that the road plays itself, behind the SDK: queues, the bus, state machines, senders.

A botocore hook answers these calls before they become requests; moto answers the rest (DynamoDB, S3, secrets).
"""

from __future__ import annotations

import base64
import fnmatch
import io
import json
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from types import SimpleNamespace
from typing import Any

from local.stand_in_account import DESCRIBED, Account, described, ses_account
from services.shared.clock import Clock, to_iso
from tests.support.asl import Execution
from tests.support.templates import ACCOUNT, REGION

_CONTEXT = "halte_parameters"
_STATES = f"arn:aws:states:{REGION}:{ACCOUNT}"


@dataclass
class Message:
    """A message in a queue; `receives` counts its deliveries, `sent_at` is of the real clock, as SQS's own."""

    id: str
    body: str
    receives: int = 0
    sent_at: float = field(default_factory=time.time)


@dataclass
class Queue:
    """A queue; a message that was received `max_receives` times goes to `dead_letters`."""

    name: str
    max_receives: int = 5
    dead_letters: Queue | None = None
    messages: deque[Message] = field(default_factory=deque)

    def send(self, body: str) -> str:
        """Add a message; its id."""
        message = Message(str(uuid.uuid4()), body)
        self.messages.append(message)
        return message.id

    def take(self, count: int, size: int = 5_000_000) -> list[Message]:
        """Up to `count` messages of together at most `size` bytes, oldest first."""
        taken: list[Message] = []
        while self.messages and len(taken) < count:
            size -= len(self.messages[0].body.encode())
            if size < 0 and taken:
                break
            taken.append(self.messages.popleft())
        return taken

    def give_back(self, message: Message) -> None:
        """Return a message that failed."""
        message.receives += 1
        target = self
        if message.receives >= self.max_receives and self.dead_letters is not None:
            target = self.dead_letters
        target.messages.append(message)


@dataclass(frozen=True)
class Subscription:
    """A rule: what matches `pattern`, on the stage's bus or on the account's (`default_bus`), goes into `queue`."""

    pattern: Mapping[str, Any]
    queue: Queue
    default_bus: bool = False


@dataclass
class Sent:
    """A message handed to a provider: `channel` is email or sms; `request` as the SDK was given it."""

    channel: str
    request: Mapping[str, Any]
    message_id: str


class Refused(Exception):
    """An AWS error answer."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Fabric:
    """Everything in one place; `published` is the bus's log of whole events, `outbox` what was sent,
    `opted_out` the numbers on the SMS provider's list.

    `on_queued` is told of every message a bus rule puts into a queue; `invoke` runs a function by its ARN. Functions
    are loaded and run one at a time, whoever asks for them side by side.
    """

    clock: Clock
    queues: dict[str, Queue] = field(default_factory=dict)
    subscriptions: list[Subscription] = field(default_factory=list)
    machines: dict[str, dict[str, Any]] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    published: list[dict[str, Any]] = field(default_factory=list)
    outbox: list[Sent] = field(default_factory=list)
    opted_out: set[str] = field(default_factory=set)
    on_queued: Callable[[Queue, str], None] = lambda queue, body: None
    invoke: Callable[[str, Any], Any] = lambda arn, event: None
    _one_at_a_time: Lock = field(default_factory=Lock)

    def attach(self, events: Any) -> None:
        """Listen on a botocore session's event system; clients made afterwards go through the fabric that was last
        attached, so that one road may use the clients of another."""
        global _attached
        _attached = self
        events.register("before-parameter-build", _remember)
        events.register("before-call", _answer)

    def put_event(self, source: str, detail_type: str, detail: str, *, default_bus: bool = False) -> str:
        """Route one event by the rules of the stage's bus, or of the account's, where AWS itself speaks; its id."""
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": to_iso(self.clock.now()),
            "region": REGION,
            "resources": [],
            "detail": json.loads(detail),
        }
        if not default_bus:
            self.published.append(event)
        body = json.dumps(event, separators=(",", ":"))
        for subscription in self.subscriptions:
            if subscription.default_bus is default_bus and matches(subscription.pattern, event):
                subscription.queue.send(body)
                self.on_queued(subscription.queue, body)
        return str(event["id"])

    def start(self, machine: str, name: str, text: str) -> str:
        """Start an execution; its ARN.

        Raises:
            Refused: the name was used before with other input, or there is no such machine.
        """
        arn = f"{_STATES}:execution:{machine}:{name}"
        known = self.executions.get(arn)
        if known is not None:
            if known.status == "RUNNING" and known.input == json.loads(text):
                return arn
            raise Refused("ExecutionAlreadyExists")
        if machine not in self.machines:
            raise Refused("StateMachineDoesNotExist")
        self.executions[arn] = Execution(
            name=name,
            machine=machine,
            definition=json.loads(self.machines[machine]["definition"]),
            input=json.loads(text),
            started=self.clock.now(),
        )
        return arn

    def answer(self, model: Any, context: dict[str, Any]) -> tuple[Any, dict[str, Any]] | None:
        """One call of the SDK as its parsers give it, or `None` where moto is to answer."""
        serve = _SERVED.get((model.service_model.service_name, model.name))
        if serve is None:
            if model.service_model.service_name not in _LEFT_TO_MOTO:
                raise NotImplementedError(f"{model.service_model.service_name} {model.name}")
            return None
        try:
            parsed, status = serve(self, context[_CONTEXT]), 200
        except Refused as error:
            parsed, status = {"Error": {"Code": error.code, "Message": error.code}}, 400
        parsed["ResponseMetadata"] = {
            "HTTPStatusCode": status,
            "RequestId": str(uuid.uuid4()),
            "HTTPHeaders": {},
        }
        return SimpleNamespace(status_code=status, headers={}, content=b""), parsed

    def _put_events(self, request: Mapping[str, Any]) -> dict[str, Any]:
        ids = [self.put_event(e["Source"], e["DetailType"], e["Detail"]) for e in request["Entries"]]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": one} for one in ids]}

    def _send_message(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"MessageId": self._queue(request).send(request["MessageBody"])}

    def _send_batch(self, request: Mapping[str, Any]) -> dict[str, Any]:
        queue = self._queue(request)
        sent = [{"Id": e["Id"], "MessageId": queue.send(e["MessageBody"])} for e in request["Entries"]]
        return {"Successful": sent, "Failed": []}

    def _postpone(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """A road has no visibility timeouts: what failed comes again at once."""
        self._queue(request)
        return {}

    def _queue_url(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{request['QueueName']}"}

    def _queue(self, request: Mapping[str, Any]) -> Queue:
        return self.queues[request["QueueUrl"].rsplit("/", 1)[-1]]

    def _create_machine(self, request: Mapping[str, Any]) -> dict[str, Any]:
        known = self.machines.setdefault(request["name"], dict(request))
        if json.loads(known["definition"]) != json.loads(request["definition"]):
            raise Refused("StateMachineAlreadyExists")
        return {
            "stateMachineArn": f"{_STATES}:stateMachine:{request['name']}",
            "creationDate": self.clock.now(),
        }

    def _describe_machine(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name = request["stateMachineArn"].rsplit(":", 1)[-1]
        if name not in self.machines:
            raise Refused("StateMachineDoesNotExist")
        return {**self.machines[name], "stateMachineArn": request["stateMachineArn"], "status": "ACTIVE"}

    def _start_execution(self, request: Mapping[str, Any]) -> dict[str, Any]:
        machine = request["stateMachineArn"].rsplit(":", 1)[-1]
        name = request.get("name") or str(uuid.uuid4())
        return {
            "executionArn": self.start(machine, name, request.get("input", "{}")),
            "startDate": self.clock.now(),
        }

    def _invoke(self, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._one_at_a_time:
            answer = self.invoke(request["FunctionName"], json.loads(request["Payload"]))
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}

    def _send_email(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._sent("email", request)

    def _send_text(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._sent("sms", request)

    def _block(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.opted_out.add(request["OptedOutNumber"])
        return {}

    def _allow(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.opted_out.discard(request["OptedOutNumber"])
        return {}

    def _opt_outs(self, request: Mapping[str, Any]) -> dict[str, Any]:
        ours = [
            {"OptedOutNumber": number, "OptedOutTimestamp": self.clock.now()} for number in self.opted_out
        ]
        return {"OptedOutNumbers": ours}

    def _sent(self, channel: str, request: Mapping[str, Any]) -> dict[str, Any]:
        message_id = str(uuid.uuid4())
        self.outbox.append(Sent(channel, dict(request), message_id))
        return {"MessageId": message_id}


def _account(operation: str) -> Callable[[Fabric, Mapping[str, Any]], dict[str, Any]]:
    return lambda fabric, _: described(Account(), operation)


_SERVED: dict[tuple[str, str], Callable[[Fabric, Mapping[str, Any]], dict[str, Any]]] = {
    ("events", "PutEvents"): Fabric._put_events,
    ("sqs", "SendMessage"): Fabric._send_message,
    ("sqs", "SendMessageBatch"): Fabric._send_batch,
    ("sqs", "ChangeMessageVisibility"): Fabric._postpone,
    ("sqs", "GetQueueUrl"): Fabric._queue_url,
    ("stepfunctions", "CreateStateMachine"): Fabric._create_machine,
    ("stepfunctions", "DescribeStateMachine"): Fabric._describe_machine,
    ("stepfunctions", "StartExecution"): Fabric._start_execution,
    ("lambda", "Invoke"): Fabric._invoke,
    ("sesv2", "SendEmail"): Fabric._send_email,
    ("sesv2", "GetAccount"): lambda fabric, _: ses_account(Account(), len(fabric.outbox)),
    ("pinpoint-sms-voice-v2", "SendTextMessage"): Fabric._send_text,
    ("pinpoint-sms-voice-v2", "PutOptedOutNumber"): Fabric._block,
    ("pinpoint-sms-voice-v2", "DeleteOptedOutNumber"): Fabric._allow,
    ("pinpoint-sms-voice-v2", "DescribeOptedOutNumbers"): Fabric._opt_outs,
    **{("pinpoint-sms-voice-v2", name): _account(name) for name in DESCRIBED},
}
_LEFT_TO_MOTO = {"dynamodb", "kms", "s3", "secretsmanager", "ssm"}


_attached: Fabric | None = None


def _answer(model: Any, context: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]] | None:
    return _attached.answer(model, context) if _attached else None


def _remember(params: Any, context: dict[str, Any], **_: Any) -> None:
    context[_CONTEXT] = params


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    """Does an event match an EventBridge pattern (exact, prefix, suffix, wildcard, anything-but, exists)? Of a list of
    objects one must."""
    if isinstance(event, list):
        return any(matches(pattern, one) for one in event)
    for key, wanted in pattern.items():
        seen = event.get(key) if isinstance(event, dict) else None
        if isinstance(wanted, Mapping):
            if not matches(wanted, seen):
                return False
        elif not any(_accepts(one, seen) for one in wanted):
            return False
    return True


def _accepts(wanted: Any, seen: Any) -> bool:
    if isinstance(seen, list):
        return any(_accepts(wanted, one) for one in seen)
    if not isinstance(wanted, Mapping):
        return bool(wanted == seen)
    kind, value = next(iter(wanted.items()))
    if kind == "exists":
        return (seen is not None) is value
    if kind == "anything-but":
        inner = value if isinstance(value, list) else [value]
        return seen is not None and not any(_accepts(one, seen) for one in inner)
    if not isinstance(seen, str):
        return False
    tests: dict[str, Callable[[str], bool]] = {
        "prefix": lambda text: text.startswith(value),
        "suffix": lambda text: text.endswith(value),
        "wildcard": lambda text: fnmatch.fnmatchcase(text, value),
    }
    if kind not in tests:
        raise NotImplementedError(f"event pattern {kind}")
    return tests[kind](seen)


def mime_of(sent: Sent) -> bytes:
    """The raw MIME of an e-mail (SES takes bytes; some callers hand base64 text)."""
    data = sent.request["Content"]["Raw"]["Data"]
    return data if isinstance(data, bytes) else base64.b64decode(data)
