"""The identity graph in DynamoDB: one item per identifier, `pk` = `<kind>#<normal form>`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.ingest.adapters.dynamo_finder import index_attributes
from services.ingest.domain.identifiers import Identifier
from services.shared.aws.dynamo import (
    TRANSACTION_LIMIT,
    ConditionFailed,
    Item,
    Table,
    TransactionRefused,
    transact,
)

_ABSENT = "attribute_not_exists(pk)"


class DynamoIdentities:
    """Port `Identities`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def owners(self, identifiers: Iterable[Identifier]) -> dict[Identifier, str]:
        keys = [{"pk": identifier.key} for identifier in sorted(set(identifiers))]
        items = self._table.get_many(keys, consistent=True)
        return {Identifier.from_key(item["pk"]): item["profile_id"] for item in items}

    def claim(self, identifiers: Sequence[Identifier], profile_id: str) -> bool:
        """More than a transaction holds are claimed in several: only then may a rival get some of them."""
        items = [
            {"pk": identifier.key, "profile_id": profile_id, **index_attributes(identifier)}
            for identifier in identifiers
        ]
        if len(items) == 1:
            return self._put(items[0])
        try:
            for start in range(0, len(items), TRANSACTION_LIMIT):
                chunk = items[start : start + TRANSACTION_LIMIT]
                transact([self._table.put_op(item, condition=_ABSENT) for item in chunk])
        except TransactionRefused:
            return False
        return True

    def release(self, identifiers: Iterable[Identifier], profile_ids: Sequence[str]) -> int:
        """Take identifiers away from these profiles; how many they had."""
        released = 0
        for identifier in identifiers:
            try:
                self._table.delete(
                    {"pk": identifier.key},
                    condition="contains(:ids, profile_id)",
                    values={":ids": list(profile_ids)},
                )
            except ConditionFailed:
                continue
            released += 1
        return released

    def _put(self, item: Item) -> bool:
        try:
            self._table.put(item, condition=_ABSENT)  # costs half of a transaction
        except ConditionFailed as refused:
            # A lost answer makes the SDK repeat the put, which then fails against itself.
            return bool(refused.item and refused.item["profile_id"] == item["profile_id"])
        except Exception as error:
            if _is_conflict(error):
                return False
            raise
        return True


def _is_conflict(error: Exception) -> bool:
    """Somebody's transaction is about to claim the same identifier."""
    response = getattr(error, "response", {})
    return bool(response.get("Error", {}).get("Code") == "TransactionConflictException")
