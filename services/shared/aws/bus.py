"""Publishing facts on the event bus: packed, in batches, and loud when the bus takes only some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from services.shared.aws.clients import client
from services.shared.contracts.base import Fact

DETAIL_LIMIT = 200_000
"""Bytes of detail per entry; EventBridge takes 256 KB with its envelope."""

BATCH = 10
"""Entries one PutEvents takes."""

REQUEST_LIMIT = 240_000
"""Bytes of all entries of one PutEvents together: EventBridge refuses the whole request beyond its limit."""

Row = TypeVar("Row")


class NotPublished(Exception):
    """The bus refused some entries (PutEvents answers 200 all the same); the batch must be retried."""


def pack(rows: Sequence[Row], make: Callable[[list[Row]], Fact], *, limit: int = DETAIL_LIMIT) -> list[Fact]:
    """Facts that carry `rows` between them, as few as fit under `limit` bytes each: EventBridge bills the entry."""
    if not rows:
        return []
    fact = make(list(rows))
    if len(rows) == 1 or len(fact.model_dump_json(exclude_none=True).encode()) <= limit:
        return [fact]
    middle = len(rows) // 2
    return pack(rows[:middle], make, limit=limit) + pack(rows[middle:], make, limit=limit)


class Bus:
    """An event bus by name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def publish(self, facts: Iterable[Fact]) -> None:
        """Put every fact on the bus.

        Raises:
            NotPublished: at least one entry was refused. Nothing says which of the batch arrived, so consumers
                must be idempotent and the caller's batch is retried whole.
        """
        entries: list[dict[str, Any]] = [
            {
                "EventBusName": self.name,
                "Source": fact.source,
                "DetailType": fact.detail_type,
                "Detail": fact.model_dump_json(exclude_none=True),
            }
            for fact in facts
        ]
        for batch in _requests(entries):
            answer = client("events").put_events(Entries=batch)
            if answer["FailedEntryCount"]:
                codes = sorted({e["ErrorCode"] for e in answer["Entries"] if "ErrorCode" in e})
                raise NotPublished(f"{answer['FailedEntryCount']} entries refused: {codes}")


def _requests(entries: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Entries in batches that EventBridge takes: few enough, and small enough together."""
    batch: list[dict[str, Any]] = []
    size = 0
    for entry in entries:
        bytes_ = sum(len(str(value).encode()) for value in entry.values())
        if batch and (len(batch) == BATCH or size + bytes_ > REQUEST_LIMIT):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += bytes_
    if batch:
        yield batch
