"""The AWS calls of one invocation, recorded once and played back: what remains is the CPU time of the caller.

Calls are known by their bytes, so a played-back invocation must be the recorded one: same event, same clock.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from botocore.awsrequest import AWSResponse
from moto.core.models import botocore_stubber

Answer = tuple[int, dict[str, str], bytes]
Call = tuple[str, str, dict[str, Any]]


class _Body(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        """What botocore reads a body with."""
        yield self.read()


@dataclass
class Tape:
    """Attach it to a session before its clients are made; then `recording` once and `playing` as often as you like.

    `calls` are the recorded ones as (service, operation, parameters), in order.
    """

    calls: list[Call] = field(default_factory=list)
    _answers: dict[bytes, Answer] = field(default_factory=dict)
    _mode: Literal["off", "record", "play"] = "off"
    _current: threading.local = field(default_factory=threading.local)

    def attach(self, events: Any) -> None:
        """Listen to the clients of a session."""
        events.register_first("before-send", self._send)
        events.register("before-parameter-build", self._asked)
        events.register("response-received", self._answered)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Remember every call and its answer."""
        yield from self._during("record")

    @contextmanager
    def playing(self) -> Iterator[None]:
        """Answer every call as it was answered before.

        Raises:
            KeyError: a call was not recorded.
        """
        yield from self._during("play")

    def _during(self, mode: Literal["record", "play"]) -> Iterator[None]:
        self._mode = mode
        botocore_stubber.enabled = mode == "record"  # moto would answer too, though nobody listens
        try:
            yield
        finally:
            self._mode = "off"
            botocore_stubber.enabled = True

    def _asked(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if self._mode == "record":
            self.calls.append((str(model.service_model.service_name), str(model.name), dict(params)))

    def _send(self, request: Any, **_: Any) -> AWSResponse | None:
        key = _key(request)
        if self._mode == "play":
            status, headers, body = self._answers[key]
            return AWSResponse(request.url, status, headers, _Body(body))
        self._current.key = key
        return None

    def _answered(self, response_dict: dict[str, Any] | None, **_: Any) -> None:
        if self._mode == "record" and response_dict is not None:
            headers = {str(name): str(value) for name, value in response_dict["headers"].items()}
            self._answers[self._current.key] = (response_dict["status_code"], headers, response_dict["body"])


_TOKEN = re.compile(rb'"ClientRequestToken": ?"[^"]*"')
"""The client library makes one up for each transaction."""


def _key(request: Any) -> bytes:
    target = request.headers.get("X-Amz-Target", b"")
    target = target.encode() if isinstance(target, str) else target
    body = request.body or b""
    if hasattr(body, "read"):  # a stream could be read only once; the object's name is in the address
        body = b""
    body = body.encode() if isinstance(body, str) else bytes(body)
    body = _TOKEN.sub(b"", body)
    return b"\n".join([str(request.method).encode(), str(request.url).encode(), target, body])
