"""Sources in DynamoDB: `source#<id>` describes one, `key#<hash>` leads from its write key to it."""

from __future__ import annotations

from services.ingest.ports import Source
from services.shared.aws.dynamo import Table, TransactionRefused, transact
from services.shared.clock import to_iso


class DynamoSources:
    """Port `Sources`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def of_key(self, key_hash: str) -> str | None:
        item = self._table.get({"pk": f"key#{key_hash}"})
        return item["source_id"] if item else None

    def add(self, source: Source, key_hash: str) -> bool:
        described = {
            "pk": f"source#{source.source_id}",
            "source_id": source.source_id,
            "name": source.name,
            "created_at": to_iso(source.created_at),
        }
        key = {"pk": f"key#{key_hash}", "source_id": source.source_id}
        absent = "attribute_not_exists(pk)"
        try:
            transact(
                [self._table.put_op(described, condition=absent), self._table.put_op(key, condition=absent)]
            )
        except TransactionRefused as refused:
            if not refused.failed_conditions():
                raise
            return False
        return True

    def rename(self, source_id: str, name: str) -> None:
        self._table.update(
            {"pk": f"source#{source_id}"},
            "SET #name = :name",
            condition="attribute_exists(pk)",
            names={"#name": "name"},
            values={":name": name},
        )
