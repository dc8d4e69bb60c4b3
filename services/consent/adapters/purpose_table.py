"""Purposes in DynamoDB: one item each, replaced by revision."""

from __future__ import annotations

from services.consent.domain.purposes import Purpose
from services.shared.aws.dynamo import ConditionFailed, Table


class PurposeTable:
    """`PurposeStore` on a table with partition key `name`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, name: str) -> tuple[Purpose | None, int]:
        item = self._table.get({"name": name}, consistent=True)
        return (Purpose.model_validate(item["purpose"]), item["revision"]) if item else (None, 0)

    def put(self, name: str, purpose: Purpose, revision: int) -> bool:
        item = {"name": name, "purpose": purpose.model_dump(), "revision": revision + 1}
        try:
            if revision:
                self._table.put(item, condition="revision = :revision", values={":revision": revision})
            else:
                self._table.put(item, condition="attribute_not_exists(#n)", names={"#n": "name"})
        except ConditionFailed:
            return False
        return True

    def all(self) -> dict[str, Purpose]:
        return {
            item["name"]: Purpose.model_validate(item["purpose"])
            for item in self._table.scan()
            if "purpose" in item  # the brand of the pages stands beside them
        }
