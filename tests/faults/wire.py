"""The wire between the SDK and AWS as moto plays it: it notes every request, and does what networks and services do.

A fault strikes one call of the SDK, which may take several attempts: the SDK's own retries are real.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import BotoCoreError
from moto.core.botocore_stubber import BotocoreStubber

READS = frozenset(
    {"GetItem", "BatchGetItem", "Query", "GetSecretValue", "GetObject", "HeadObject", "ListObjectsV2"}
)


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
    mistake: Exception | None = None
    _is_watched: bool = False
    _is_dead: bool = False

    @property
    def struck(self) -> bool:
        """Has the fault struck?"""
        return bool(self.struck_name)

    @property
    def is_dead(self) -> bool:
        """Has the process that is under way crashed?"""
        return self._is_dead

    @contextmanager
    def watched(self, fault: Fault | None = None, where: Where = anywhere) -> Iterator[None]:
        """Note what is called in the lives that are lived in here, and let `fault` strike the first call that it can
        happen to `where` it may."""
        self.calls, self.attempts, self._ids, self._tries = [], [], {}, {}
        self._fault, self._where, self.struck_name = fault, where, ""
        yield
        self._fault, self.struck_name = None, ""
        assert self.mistake is None, "the fault did not do what it was to do"

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
        except Exception as error:
            if not isinstance(error, BotoCoreError):
                self.mistake = error
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
                said = json.dumps(body).encode()
                sent = AWSPreparedRequest(
                    request.method, request.url, copy(request.headers), said, request.stream_output
                )
                sent.headers["Content-Length"] = str(len(said))
            return answer(self, event_name, sent)

        return wire.carry(event_name, request, forward)

    monkeypatch.setattr(BotocoreStubber, "__call__", carry)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    return wire
