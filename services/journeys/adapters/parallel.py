"""Many small conditional writes at once: DynamoDB has no conditional batch write."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

WRITERS = 8

InT = TypeVar("InT")
OutT = TypeVar("OutT")


def each(write: Callable[[InT], OutT], items: Iterable[InT]) -> list[OutT]:
    """What `write` says of each item, in order.

    Raises:
        Exception: the first that any write raised; the others are done all the same.
    """
    futures = [_writers().submit(write, item) for item in items]
    return [future.result() for future in futures]


@cache
def _writers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(WRITERS)
