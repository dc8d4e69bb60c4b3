"""What moto lacks for a whole road: threads, and transactions that don't copy a table for each of their items."""

from __future__ import annotations

import contextlib
import copy
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from unittest import mock

from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb import models
from moto.dynamodb.models.table import Table


@contextlib.contextmanager
def moto_repaired() -> Iterator[None]:
    """moto answers one request at a time, and its transactions cost what they change."""
    lock, answer = threading.Lock(), BotocoreStubber.__call__

    def one_at_a_time(self: BotocoreStubber, *args: Any, **options: Any) -> Any:
        with lock:
            return answer(self, *args, **options)

    quick = copying_once(models.DynamoDBBackend.transact_write_items)
    with (
        mock.patch.object(BotocoreStubber, "__call__", one_at_a_time),
        mock.patch.object(models.DynamoDBBackend, "transact_write_items", quick),
    ):
        yield


Transact = Callable[[models.DynamoDBBackend, list[dict[str, Any]]], None]


def copying_once(transact: Transact) -> Transact:
    """moto copies a table for each item of a transaction that is about it."""
    lock = threading.Lock()

    def quick(self: models.DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        with lock, mock.patch.object(models, "copy", _Once()):
            transact(self, transact_items)

    return quick


class _Once(SimpleNamespace):
    """Stands for the module `copy` during one transaction: a table is copied once, its stream records not at all."""

    def __init__(self) -> None:
        super().__init__(copy=copy.copy)
        self._tables: dict[str, Table] = {}

    def deepcopy(self, value: Any) -> Any:
        """`copy.deepcopy`, cheaper for tables."""
        if not isinstance(value, Table):
            return copy.deepcopy(value)
        if value.name not in self._tables:
            records = value.stream_shard.items if value.stream_shard else []
            memo: dict[int, Any] = {id(record): record for record in records}
            self._tables[value.name] = copy.deepcopy(value, memo)
        return self._tables[value.name]
