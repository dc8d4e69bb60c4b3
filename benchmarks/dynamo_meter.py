"""Read and write units of DynamoDB calls, from the items as they stand in moto before and after each call.

moto answers ConsumedCapacity with constants, so the units come from AWS's rules and the items' real sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from benchmarks.sizes import Index, Typed, change_units, item_size, read_units, write_units

ACCOUNT, REGION = "123456789012", "us-east-1"


@dataclass(frozen=True)
class Write:
    """One write of a call, with the item it meets."""

    table: str
    key: Typed
    old: Typed | None
    check_only: bool = False


def before(operation: str, request: Mapping[str, Any]) -> list[Write]:
    """The writes a call is about to make; none for a read."""
    if operation in ("PutItem", "UpdateItem", "DeleteItem"):
        return [_write(request)]
    if operation == "TransactWriteItems":
        return [_write(op, kind) for one in request["TransactItems"] for kind, op in one.items()]
    if operation == "BatchWriteItem":
        return list(_batch(request["RequestItems"]))
    return []


def units(
    operation: str, request: Mapping[str, Any], writes: list[Write], answer: Mapping[str, Any]
) -> tuple[float, float]:
    """Write units and read units of a finished call; a refused write costs what the item it met would have."""
    if writes:
        transactional = operation == "TransactWriteItems"
        refused = "Error" in answer
        return sum(_cost(one, transactional, refused) for one in writes), 0.0
    read = _READS.get(operation)
    return 0.0, read(request, answer) if read and "Error" not in answer else 0.0


def _cost(write: Write, transactional: bool, refused: bool) -> int:
    if refused or write.check_only:
        return write_units(item_size(write.old or {}), transactional=transactional)
    return change_units(
        write.old, item(write.table, write.key), _indexes(write.table), transactional=transactional
    )


def _write(request: Mapping[str, Any], kind: str = "") -> Write:
    table = request["TableName"]
    key = request.get("Key") or _key_of(table, request["Item"])
    return Write(table, dict(key), item(table, key), kind == "ConditionCheck")


def _batch(tables: Mapping[str, Any]) -> Iterator[Write]:
    for table, requests in tables.items():
        for one in requests:
            body = one.get("DeleteRequest") or {"Item": one["PutRequest"]["Item"]}
            yield _write({"TableName": table, **body})


def _table(name: str) -> Any:
    return dynamodb_backends[ACCOUNT][REGION].tables[name]


def _key_of(table: str, typed: Typed) -> dict[str, Any]:
    made = _table(table)
    return {name: typed[name] for name in (made.hash_key_attr, made.range_key_attr) if name}


def item(table: str, key: Typed) -> Typed | None:
    """The item under a key as it stands in moto; `None` when there is none."""
    found = dynamodb_backends[ACCOUNT][REGION].get_item(table, dict(key))
    return dict(found.to_json()["Attributes"]) if found else None


def _indexes(table: str) -> list[Index]:
    made = _table(table)
    base = {name for name in (made.hash_key_attr, made.range_key_attr) if name}
    found = []
    for one in made.global_indexes:
        keys = tuple(part["AttributeName"] for part in one.schema)
        kind = one.projection["ProjectionType"]
        extra = one.projection.get("NonKeyAttributes", [])
        found.append(Index(keys, None if kind == "ALL" else frozenset({*base, *keys, *extra})))
    return found


def _get(request: Mapping[str, Any], _: Mapping[str, Any]) -> float:
    found = item(request["TableName"], request["Key"])
    return read_units(item_size(found or {}), consistent=request.get("ConsistentRead", False))


def _batch_get(request: Mapping[str, Any], _: Mapping[str, Any]) -> float:
    return sum(
        _get({"TableName": table, "Key": key, "ConsistentRead": asked.get("ConsistentRead", False)}, {})
        for table, asked in request["RequestItems"].items()
        for key in asked["Keys"]
    )


def _transact_get(request: Mapping[str, Any], _: Mapping[str, Any]) -> float:
    asked = [one["Get"] for one in request["TransactItems"]]
    sizes = [item_size(item(one["TableName"], one["Key"]) or {}) for one in asked]
    return sum(read_units(size, transactional=True) for size in sizes)


def _list(request: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    if "FilterExpression" in request or "ProjectionExpression" in request:
        raise NotImplementedError("a filtered or projected read costs more than its answer shows")
    size = sum(item_size(one) for one in answer["Items"])
    return read_units(size, consistent=request.get("ConsistentRead", False))


_READS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], float]] = {
    "GetItem": _get,
    "BatchGetItem": _batch_get,
    "TransactGetItems": _transact_get,
    "Query": _list,
    "Scan": _list,
}
