"""How a road tells a meter what no SDK call shows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from tests.support.processes import Function


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

    def published(self, size: int) -> None:
        """A provider published this much on a topic."""

    def filed(self, sizes: Sequence[int]) -> None:
        """A provider gave Firehose records of these sizes, which wrote them as one file, and S3 told of it."""

    def transitions(self, count: int) -> None:
        """States entered."""
