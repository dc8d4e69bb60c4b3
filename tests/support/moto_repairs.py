"""What moto does in far more steps than it takes: a query looks at every item, a transaction copies every item."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest import mock

from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb import models
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

ONE_AT_A_TIME = threading.RLock()


@cache
def repair() -> None:
    """For the whole life of this process. moto answers one request at a time: it undoes a refused transaction by
    putting back what was before it, which must not undo what another thread wrote meanwhile."""
    answer = BotocoreStubber.__call__

    def in_turn(self: BotocoreStubber, *arguments: Any, **named: Any) -> Any:
        with ONE_AT_A_TIME:
            return answer(self, *arguments, **named)

    BotocoreStubber.__call__ = in_turn  # type: ignore[method-assign]
    backend: Any = models.DynamoDBBackend
    backend.transact_write_items = copying_once(backend.transact_write_items)
    Table.query = looking_near(Table.query)  # type: ignore[method-assign]


Transact = Callable[[models.DynamoDBBackend, list[dict[str, Any]]], None]


def copying_once(transact: Transact) -> Transact:
    """moto copies a whole table for each item of a transaction that is about it."""

    def quick(self: models.DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        with mock.patch.object(models, "copy", _Once(transact_items)):
            transact(self, transact_items)

    return quick


class _Once(SimpleNamespace):
    """Stands for the module `copy` during one transaction: a table is copied once, and of its items only those that
    the transaction names; the others are the same before and after it."""

    def __init__(self, transact_items: list[dict[str, Any]]) -> None:
        super().__init__(copy=copy.copy)
        self._named: dict[str, list[dict[str, Any]]] = {}
        for operation in (next(iter(item.values())) for item in transact_items):
            self._named.setdefault(operation["TableName"], []).append(
                operation.get("Key") or operation.get("Item", {})
            )
        self._tables: dict[str, Table] = {}

    def deepcopy(self, value: Any) -> Any:
        """`copy.deepcopy`, cheaper for tables."""
        if not isinstance(value, Table):
            return copy.deepcopy(value)
        if value.name not in self._tables:
            self._tables[value.name] = self._as_it_is(value)
        return self._tables[value.name]

    def _as_it_is(self, table: Table) -> Table:
        kept = copy.copy(table)
        kept.items = copy.copy(table.items)
        items: Any = kept.items
        for named in self._named[table.name]:
            first = DynamoType(named[table.hash_key_attr])
            held: Any = table.items.get(first)
            if isinstance(held, Item):
                items[first] = copy.deepcopy(held)
            elif held is not None:
                second = DynamoType(named[str(table.range_key_attr)])
                if items[first] is held:
                    items[first] = copy.copy(held)
                if second in held:
                    items[first][second] = copy.deepcopy(held[second])
        if table.stream_shard is not None:
            kept.stream_shard = copy.copy(table.stream_shard)
            kept.stream_shard.items = list(table.stream_shard.items)
            kept.stream_shard.table = kept
        return kept


def looking_near(query: Callable[..., Any]) -> Callable[..., Any]:
    """moto sorts all items of a table for each query before it looks for the key, and those of an index once more."""
    asked, everything = threading.local(), Table.all_items

    def all_items(self: Table) -> list[Item]:
        near = getattr(asked, "near", None)
        return everything(self) if near is None else near

    def quick(
        self: Table,
        hash_key: DynamoType,
        comparison: str | None,
        values: list[DynamoType],
        limit: int,
        start: dict[str, Any],
        forward: bool,
        projections: list[list[str]] | None,
        index: str | None = None,
        *more: Any,
        **named: Any,
    ) -> Any:
        asked.near = _partition(self, hash_key) if index is None else _unsorted(self)
        try:
            return query(
                self, hash_key, comparison, values, limit, start, forward, projections, index, *more, **named
            )
        finally:
            asked.near = None

    Table.all_items = all_items  # type: ignore[method-assign]
    return quick


def _partition(table: Table, hash_key: DynamoType) -> list[Item]:
    held: Any = table.items.get(hash_key, {})
    if isinstance(held, Item):
        return [held]
    return [held[range_key] for range_key in sorted(held)]


def _unsorted(table: Table) -> list[Item]:
    held: Any = table.items
    if not table.range_key_attr:
        return list(held.values())
    return [item for partition in held.values() for item in partition.values()]
