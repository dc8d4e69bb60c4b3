"""The wire between the SDK and AWS as moto plays it: it notes every request, and does what networks and services do.

A fault strikes one call of the SDK, which may take several attempts: the SDK's own retries are real.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from moto.core.botocore_stubber import BotocoreStubber

READS = frozenset({"GetItem", "BatchGetItem", "Query", "GetSecretValue", "GetObject", "ListObjectsV2"})


class Crash(BaseException):
    """The process is gone, as after `os._exit` or Lambda's timeout: nobody can catch it."""


@dataclass(frozen=True)
class Call:
    """One call of the SDK: its place in a run, and what was sent."""

    index: int
    service: str
    operation: str
    request: AWSPreparedRequest

    @property
    def writes(self) -> bool:
        """May it have changed anything?"""
        return self.operation not in READS

    @cached_property
    def body(self) -> Any:
        """The body of a service that speaks JSON."""
        return json.loads(self.request.body)

    def tables(self) -> set[str]:
        """The tables it is about."""
        if "RequestItems" in self.body:
            return set(self.body["RequestItems"])
        return {self.body["TableName"]}

    def names(self, *words: str) -> bool:
        """Do all of `words` stand in the body?"""
        return all(word in json.dumps(self.body) for word in words)


Forward = Callable[..., AWSResponse]
"""Lets a request through (with another JSON body, if one is given) and answers with what the service said."""

Where = Callable[[Call], bool]

Act = Callable[[Call, int, Forward], AWSResponse]
"""What happens at an attempt (from 1) of a call."""


@dataclass(frozen=True)
class Fault:
    """Something that happens to a call; `strikes` says which calls it can happen to, `everywhere` that no two calls of
    one operation are alike to it, `lasting` that it happens to all and not only to the first."""

    name: str
    strikes: Where
    act: Act
    everywhere: bool = False
    lasting: bool = False


def anywhere(_: Call) -> bool:
    return True


@dataclass
class Wire:
    """Notes the calls of handlers, and lets a fault strike one of them."""

    calls: list[Call] = field(default_factory=list)
    attempts: list[tuple[str, bytes]] = field(default_factory=list)
    _ids: dict[str, Call] = field(default_factory=dict)
    _tries: dict[str, int] = field(default_factory=dict)
    _fault: Fault | None = None
    _where: Where = anywhere
    struck_name: str = ""
    _is_watched: bool = False
    _is_dead: bool = False

    @property
    def struck(self) -> bool:
        """Has the fault struck?"""
        return bool(self.struck_name)

    @contextmanager
    def watched(self, fault: Fault | None = None, where: Where = anywhere) -> Iterator[None]:
        """Note what is called in the lives that are lived in here, and let `fault` strike the first call that it can
        happen to `where` it may."""
        self.calls, self.attempts, self._ids, self._tries = [], [], {}, {}
        self._fault, self._where, self.struck_name = fault, where, ""
        yield
        self._fault, self.struck_name = None, ""

    @contextmanager
    def life(self) -> Iterator[None]:
        """One run of a handler: whatever it calls goes over this wire, and nothing does once it has crashed."""
        was, self._is_watched, self._is_dead = self._is_watched, True, False
        try:
            yield
        finally:
            self._is_watched, self._is_dead = was, False

    def carry(self, event_name: str, request: AWSPreparedRequest, answer: Forward) -> AWSResponse:
        """Take an attempt to the service."""
        if not self._is_watched:
            return answer()
        if self._is_dead:
            raise Crash
        _, service, operation = event_name.split(".")
        name = str(request.headers["amz-sdk-invocation-id"])
        call = self._ids.get(name)
        if call is None:
            call = self._ids[name] = Call(len(self.calls), service, operation, request)
            self.calls.append(call)
        self.attempts.append((name, bytes(request.body or b"") if not hasattr(request.body, "read") else b""))
        self._tries[name] = self._tries.get(name, 0) + 1
        if self._fault is None or not self._is_struck(name, call):
            return answer()
        try:
            return self._fault.act(call, self._tries[name], answer)
        except Crash:
            self._is_dead = True
            raise

    def _is_struck(self, name: str, call: Call) -> bool:
        if self._fault is None or (self.struck_name and not self._fault.lasting):
            return self.struck_name == name
        if self._fault.strikes(call) and self._where(call):
            self.struck_name = name
        return self.struck_name == name


def installed(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """A wire before moto; the SDK does not wait before it tries again."""
    wire, answer = Wire(), BotocoreStubber.__call__

    def carry(self: BotocoreStubber, event_name: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        def forward(body: Mapping[str, Any] | None = None) -> AWSResponse:
            sent = request
            if body is not None:
                sent = request.copy()
                sent.body = json.dumps(body).encode()
                sent.headers["Content-Length"] = str(len(sent.body))
            return answer(self, event_name, sent)

        return wire.carry(event_name, request, forward)

    monkeypatch.setattr(BotocoreStubber, "__call__", carry)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    return wire


def _said(call: Call, status: int, body: str) -> AWSResponse:
    return AWSResponse(call.request.url, status, {}, _Raw(body.encode()))


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _error(call: Call, code: str, status: int = 400, **more: Any) -> AWSResponse:
    if call.service == "s3":
        return _said(call, status, f"<Error><Code>{code}</Code><Message>no</Message></Error>")
    return _said(call, status, json.dumps({"__type": f"com.amazonaws#{code}", "message": "no", **more}))


def _unreached(call: Call) -> EndpointConnectionError:
    return EndpointConnectionError(endpoint_url=call.request.url)


def _unheard(call: Call) -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url=call.request.url)


def _writes(call: Call) -> bool:
    return call.writes


def _is(*operations: str) -> Where:
    return lambda call: call.operation in operations


def _crash_before(call: Call, attempt: int, forward: Forward) -> AWSResponse:
    raise Crash


def _crash_after(call: Call, attempt: int, forward: Forward) -> AWSResponse:
    forward()
    raise Crash


def _connection_lost(call: Call, attempt: int, forward: Forward) -> AWSResponse:
    raise _unreached(call)


def _answer_lost(call: Call, attempt: int, forward: Forward) -> AWSResponse:
    answer = forward()
    if attempt == 1:
        raise _unheard(call)
    return answer


def _every_answer_lost(call: Call, attempt: int, forward: Forward) -> AWSResponse:
    forward()
    raise _unheard(call)


_THROTTLED = {
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "sqs": ("RequestThrottled", 400),
    "s3": ("SlowDown", 503),
}


def _throttled(times: int) -> Act:
    def act(call: Call, attempt: int, forward: Forward) -> AWSResponse:
        code, status = _THROTTLED.get(call.service, ("ThrottlingException", 400))
        return forward() if attempt > times else _error(call, code, status)

    return act


_SINGLE_WRITES = ("PutItem", "UpdateItem", "DeleteItem")


def _conflict(call: Call, attempt: int, forward: Forward) -> AWSResponse:
    """Another transaction is at one of the items; of a transaction's, one is too busy besides."""
    if call.operation in _SINGLE_WRITES:
        return _error(call, "TransactionConflictException")
    count = len(call.body["TransactItems"])
    codes = ["TransactionConflict", "ThrottlingError", *["None"] * count][:count]
    reasons = [{"Code": code, "Message": "no"} for code in codes]
    return _error(call, "TransactionCanceledException", CancellationReasons=reasons)


def _mismatch(call: Call, attempt: int, forward: Forward) -> AWSResponse:
    return _error(call, "IdempotentParameterMismatchException")


def _half(rows: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    middle = len(rows) // 2
    return list(rows[:middle]), list(rows[middle:])


def _partial(call: Call, attempt: int, forward: Forward) -> AWSResponse:
    """The service takes the first half of what it is asked, of one thing nothing, and says 200."""
    if attempt > 1:
        return forward()
    if call.operation == "PutEvents":
        return _partial_events(call, forward)
    ((table, asked),) = call.body["RequestItems"].items()
    rows = asked["Keys"] if call.operation == "BatchGetItem" else asked
    taken, left = _half(rows)
    if call.operation == "BatchGetItem":
        rest = {"UnprocessedKeys": {table: {**asked, "Keys": left}}}
        request = {"RequestItems": {table: {**asked, "Keys": taken}}}
        nothing: dict[str, Any] = {"Responses": {table: []}}
    else:
        rest = {"UnprocessedItems": {table: left}}
        request, nothing = {"RequestItems": {table: taken}}, {}
    done = json.loads(forward(request).content) if taken else nothing
    return _said(call, 200, json.dumps({**done, **rest}))


def _partial_events(call: Call, forward: Forward) -> AWSResponse:
    taken, left = _half(call.body["Entries"])
    done = json.loads(forward({"Entries": taken}).content)["Entries"] if taken else []
    refused = [{"ErrorCode": "InternalFailure", "ErrorMessage": "no"} for _ in left]
    answer = {"FailedEntryCount": len(left), "Entries": [*done, *refused]}
    return _said(call, 200, json.dumps(answer))


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("crash before", anywhere, _crash_before),
        Fault("crash after", _writes, _crash_after, everywhere=True),
        Fault("answer lost", _writes, _answer_lost),
        Fault("every answer lost", _writes, _every_answer_lost, everywhere=True),
        Fault("connection lost", anywhere, _connection_lost),
        Fault("throttled twice", _writes, _throttled(2)),
        Fault("throttled", _writes, _throttled(99)),
        Fault("conflict", _is(*_SINGLE_WRITES, "TransactWriteItems"), _conflict, everywhere=True),
        Fault("mismatch", _is("TransactWriteItems"), _mismatch),
        Fault("partial", _is("BatchGetItem", "BatchWriteItem", "PutEvents"), _partial, everywhere=True),
    )
}


def is_stale_read(call: Call) -> bool:
    """A read that may see the past: of an index, or one that did not ask for consistency."""
    if call.operation == "BatchGetItem":
        return not all(asked.get("ConsistentRead") for asked in call.body["RequestItems"].values())
    return call.operation in ("GetItem", "Query", "Scan") and not call.body.get("ConsistentRead")


def stale(in_the_past: Callable[[], AbstractContextManager[None]]) -> Fault:
    """Every read that may see the past does so."""

    def act(call: Call, attempt: int, forward: Forward) -> AWSResponse:
        with in_the_past():
            return forward()

    return Fault("stale", is_stale_read, act, lasting=True)


def meanwhile(what: Callable[[], None]) -> Fault:
    """A worker stalls before a write; `what` happens, and then it wakes and writes."""

    def act(call: Call, attempt: int, forward: Forward) -> AWSResponse:
        what()
        return forward()

    return Fault("stalled", _writes, act)
