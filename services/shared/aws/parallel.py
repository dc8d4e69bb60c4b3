"""Many small conditional writes at once: DynamoDB has no conditional batch write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

WRITERS = 10
"""Calls in flight: they only wait for the network, and the SDK's pool holds more connections than this."""

InT = TypeVar("InT")
OutT = TypeVar("OutT")


def each(call: Callable[[InT], OutT], items: Iterable[InT]) -> list[OutT | Exception]:
    """What `call` says of each item, in order, or the exception it raised: none keeps its neighbours from being done.

    Whoever asks decides what a failure means: `done` for all or nothing, a look at each where neighbours stand.
    `call` must not use `each` itself: the threads are shared.
    """
    todo = list(items)
    if len(todo) == 1:
        return [_attempt(call, todo[0])]
    futures = [_writers().submit(_attempt, call, item) for item in todo]
    return [future.result() for future in futures]


def done(results: Sequence[OutT | Exception]) -> list[OutT]:
    """The results of `each` where every call had to succeed.

    Raises:
        Exception: the first that a call raised.
    """
    answers: list[OutT] = []
    for result in results:
        if isinstance(result, Exception):
            raise result
        answers.append(result)
    return answers


def _attempt(call: Callable[[InT], OutT], item: InT) -> OutT | Exception:
    try:
        return call(item)
    except Exception as error:  # handed to the caller as a value, who knows what it means
        return error


@cache
def _writers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(WRITERS)
