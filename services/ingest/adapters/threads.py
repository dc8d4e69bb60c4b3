"""Several conditional writes under way at a time: DynamoDB has no batch of them, and each waits milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

In = TypeVar("In")
Out = TypeVar("Out")


class Threads:
    """Port `Spread` with a pool that lives as long as the process."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers)

    def __call__(self, do: Callable[[In], Out], items: Iterable[In], /) -> Iterable[Out]:
        return self._pool.map(do, items)
