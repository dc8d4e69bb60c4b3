"""DynamoDB with plain Python values: conditional writes whose refusal is an exception that carries the old item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypedDict, Unpack

from services.shared.aws.attributes import decode, encode
from services.shared.aws.clients import client

Item = dict[str, Any]
Key = Mapping[str, Any]

TRANSACTION_LIMIT = 100
"""Items one TransactWriteItems may hold."""

WRITE_BATCH = 25
"""Items one BatchWriteItem may hold."""


class ConditionFailed(Exception):
    """A conditional write was refused; `item` is what stood there (`None`: nothing did)."""

    def __init__(self, item: Item | None = None) -> None:
        super().__init__("the condition of a write does not hold")
        self.item = item


@dataclass(frozen=True)
class Refusal:
    """Why one operation of a transaction was refused: `code` as DynamoDB gives it (`None`: it was not), and the
    item that stood in the way."""

    code: str | None
    item: Item | None


class TransactionRefused(Exception):
    """A transaction was cancelled; `refusals` has one entry per operation, in order."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(f"transaction refused: {[r.code for r in refusals]}")
        self.refusals = list(refusals)

    def failed_conditions(self) -> list[int]:
        """Positions of the operations whose own condition did not hold."""
        return [i for i, r in enumerate(self.refusals) if r.code == "ConditionalCheckFailed"]


@dataclass(frozen=True)
class Op:
    """One operation of a transaction: `kind` is Put, Update, Delete or ConditionCheck."""

    kind: str
    request: dict[str, Any]


class Expressions(TypedDict, total=False):
    """What goes with a write: the `condition` under which it is made, and the names (`#n`) and values (`:v`) that this
    and an update have."""

    condition: str | None
    names: Mapping[str, str] | None
    values: Mapping[str, Any] | None


def _request_of(expressions: Expressions) -> dict[str, Any]:
    request: dict[str, Any] = {}
    if condition := expressions.get("condition"):
        request["ConditionExpression"] = condition
    if names := expressions.get("names"):
        request["ExpressionAttributeNames"] = dict(names)
    if values := expressions.get("values"):
        request["ExpressionAttributeValues"] = encode(values)
    return request


class Table:
    """One table. Names in expressions go through `names` (`#n`), values through `values` (`:v`)."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def _client(self) -> Any:
        return client("dynamodb")

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        """One item, or `None`."""
        answer = self._client.get_item(TableName=self.name, Key=encode(key), ConsistentRead=consistent)
        return decode(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Iterable[Key], *, consistent: bool = False) -> list[Item]:
        """All items that exist of `keys` (distinct), in no order; unprocessed keys are asked again."""
        pending = [encode(k) for k in keys]
        found: list[Item] = []
        while pending:
            chunk, pending = pending[:100], pending[100:]
            answer = self._client.batch_get_item(
                RequestItems={self.name: {"Keys": chunk, "ConsistentRead": consistent}}
            )
            found += [decode(i) for i in answer["Responses"].get(self.name, [])]
            pending += answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
        return found

    def query(
        self,
        condition: str,
        *,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any],
        index: str | None = None,
        consistent: bool = False,
        limit: int | None = None,
        descending: bool = False,
    ) -> Iterator[Item]:
        """Every item under a key condition, page after page; at most `limit` if given."""
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": condition,
            "ScanIndexForward": not descending,
            **_request_of({"names": names, "values": values}),
        }
        if index:
            request["IndexName"] = index
        else:
            request["ConsistentRead"] = consistent
        if limit is not None:
            request["Limit"] = limit
        return islice(self._items("query", request), limit)

    def page(
        self, condition: str, *, values: Mapping[str, Any], index: str, start: Key | None, limit: int
    ) -> tuple[list[Item], Key | None]:
        """At most `limit` items of an index under a key condition, behind the key `start`; and the key to go on
        behind (`None`: that was all)."""
        request: dict[str, Any] = {
            "TableName": self.name,
            "IndexName": index,
            "KeyConditionExpression": condition,
            "Limit": limit,
            **_request_of({"values": values}),
        }
        if start:
            request["ExclusiveStartKey"] = encode(start)
        answer = self._client.query(**request)
        following = answer.get("LastEvaluatedKey")
        return [decode(item) for item in answer["Items"]], decode(following) if following else None

    def count(self, condition: str, *, names: Mapping[str, str], values: Mapping[str, Any]) -> int:
        """How many items there are under a key condition; may be a moment behind."""
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": condition,
            "Select": "COUNT",
            **_request_of({"names": names, "values": values}),
        }
        return sum(int(answer["Count"]) for answer in self._answers("query", request))

    def scan(self) -> Iterator[Item]:
        """Every item of the table: for small tables of definitions and for tools, never on a hot path."""
        return self._items("scan", {"TableName": self.name})

    def _items(self, call: str, request: Mapping[str, Any]) -> Iterator[Item]:
        return (decode(item) for answer in self._answers(call, request) for item in answer["Items"])

    def _answers(self, call: str, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Page after page."""
        answer = getattr(self._client, call)(**request)
        yield answer
        while "LastEvaluatedKey" in answer:
            answer = getattr(self._client, call)(**request, ExclusiveStartKey=answer["LastEvaluatedKey"])
            yield answer

    def put(self, item: Item, **expressions: Unpack[Expressions]) -> None:
        """Write a whole item.

        Raises:
            ConditionFailed: `condition` does not hold; carries the item that stood there.
        """
        self._write("put_item", self.put_op(item, **expressions))

    def put_many(self, items: Iterable[Item]) -> None:
        """Write whole items (of distinct keys), unconditionally; unprocessed ones are asked again."""
        self._write_many({"PutRequest": {"Item": encode(item)}} for item in items)

    def delete_many(self, keys: Iterable[Key]) -> int:
        """Remove items (of distinct keys), unconditionally; how many keys there were."""
        requests = [{"DeleteRequest": {"Key": encode(key)}} for key in keys]
        self._write_many(requests)
        return len(requests)

    def _write_many(self, requests: Iterable[dict[str, Any]]) -> None:
        pending = list(requests)
        while pending:
            chunk, pending = pending[:WRITE_BATCH], pending[WRITE_BATCH:]
            answer = self._client.batch_write_item(RequestItems={self.name: chunk})
            pending += answer.get("UnprocessedItems", {}).get(self.name, [])

    def update(self, key: Key, update: str, **expressions: Unpack[Expressions]) -> None:
        """Change some attributes of an item by an update expression.

        Raises:
            ConditionFailed: `condition` does not hold; carries the item that stood there.
        """
        self._write("update_item", self.update_op(key, update, **expressions))

    def delete(self, key: Key, **expressions: Unpack[Expressions]) -> None:
        """Remove an item.

        Raises:
            ConditionFailed: `condition` does not hold.
        """
        self._write("delete_item", self.delete_op(key, **expressions))

    def put_op(self, item: Item, **expressions: Unpack[Expressions]) -> Op:
        """A Put for `transact`."""
        return Op("Put", {"TableName": self.name, "Item": encode(item), **_request_of(expressions)})

    def update_op(self, key: Key, update: str, **expressions: Unpack[Expressions]) -> Op:
        """An Update for `transact`."""
        request = {"TableName": self.name, "Key": encode(key), "UpdateExpression": update}
        return Op("Update", {**request, **_request_of(expressions)})

    def delete_op(self, key: Key, **expressions: Unpack[Expressions]) -> Op:
        """A Delete for `transact`."""
        return Op("Delete", {"TableName": self.name, "Key": encode(key), **_request_of(expressions)})

    def check_op(
        self,
        key: Key,
        condition: str,
        *,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> Op:
        """A ConditionCheck for `transact`."""
        expressions: Expressions = {"condition": condition, "names": names, "values": values}
        return Op("ConditionCheck", {"TableName": self.name, "Key": encode(key), **_request_of(expressions)})

    def perform(self, op: Op) -> None:
        """Make the update that `update_op` made, by itself.

        Raises:
            ConditionFailed: its condition does not hold.
        """
        self._write("update_item", op)

    def perform_put(self, op: Op) -> None:
        """Write what `put_op` made, by itself: half the price of a transaction.

        Raises:
            ConditionFailed: its condition does not hold.
        """
        self._write("put_item", op)

    def _write(self, method: str, op: Op) -> None:
        from botocore.exceptions import ClientError

        try:
            getattr(self._client, method)(**_asking_for_old(op))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            old = error.response.get("Item")
            raise ConditionFailed(decode(old) if old else None) from error


def transact(ops: Sequence[Op]) -> None:
    """Write all operations or none (at most 100, on any tables).

    Raises:
        TransactionRefused: a condition failed or another transaction was in the way.
    """
    from botocore.exceptions import ClientError

    items = [{op.kind: _asking_for_old(op)} for op in ops]
    try:
        client("dynamodb").transact_write_items(TransactItems=items)
    except ClientError as error:
        if error.response["Error"]["Code"] != "TransactionCanceledException":
            raise
        reasons = error.response.get("CancellationReasons") or []
        raise TransactionRefused([_refusal(reason) for reason in reasons]) from error


def _asking_for_old(op: Op) -> dict[str, Any]:
    """The request, which a refusal by its condition answers with the item that stood there."""
    if "ConditionExpression" not in op.request:
        return op.request
    return {**op.request, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def _refusal(reason: Mapping[str, Any]) -> Refusal:
    code = reason.get("Code")
    old = reason.get("Item")
    return Refusal(None if code in (None, "None") else str(code), decode(old) if old else None)
