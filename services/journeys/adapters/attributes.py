"""The copy of ingest's registry of attributes: one item of the definitions table (`pk` = `@attributes`, which no
journey can be called)."""

from __future__ import annotations

import json

from services.shared.aws.dynamo import ConditionFailed, Table
from services.shared.clock import to_iso
from services.shared.contracts.ingest import AttributeRegistry

KEY = {"pk": "@attributes", "sk": "COPY"}


class DynamoAttributes:
    """`ports.definitions.Attributes` on the definitions table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def known(self) -> frozenset[str] | None:
        item = self._table.get(KEY, consistent=True)
        if item is None or item["policy"] == "open":
            return None
        return frozenset(json.loads(item["names"]))

    def keep(self, registry: AttributeRegistry) -> None:
        item = {
            **KEY,
            "policy": registry.policy,
            "names": json.dumps(registry.names, ensure_ascii=False),
            "registry_version": registry.version,
            "at": to_iso(registry.at),
        }
        try:
            self._table.put(
                item,
                condition="attribute_not_exists(pk) OR registry_version < :version",
                values={":version": registry.version},
            )
        except ConditionFailed:
            return  # what is there is as new, or newer
