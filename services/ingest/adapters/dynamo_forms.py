"""Forms in DynamoDB, one item each; and, in a table of their own, counters that visitors' requests may write."""

from __future__ import annotations

from datetime import datetime

from services.ingest.domain.forms import Form
from services.shared.aws.dynamo import ConditionFailed, Table


class DynamoForms:
    """Port `Forms`, on a table with partition key `form_id`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, form_id: str) -> tuple[Form | None, int]:
        item = self._table.get({"form_id": form_id}, consistent=True)
        return (Form.model_validate_json(item["document"]), item["version"]) if item else (None, 0)

    def put(self, form_id: str, form: Form, version: int) -> bool:
        item = {"form_id": form_id, "document": form.model_dump_json(), "version": version + 1}
        try:
            if version:
                self._table.put(item, condition="version = :before", values={":before": version})
            else:
                self._table.put(item, condition="attribute_not_exists(form_id)")
        except ConditionFailed as refused:
            # A lost answer makes the SDK repeat the put, which then fails against itself.
            return refused.item == item
        return True

    def remove(self, form_id: str) -> bool:
        try:
            self._table.delete({"form_id": form_id}, condition="attribute_exists(form_id)")
        except ConditionFailed:
            return False
        return True

    def all(self) -> dict[str, tuple[Form, int]]:
        return {
            item["form_id"]: (Form.model_validate_json(item["document"]), item["version"])
            for item in self._table.scan()
        }


class DynamoCounters:
    """Port `Counters`, on a table with partition key `counter` and time to live `expires_at`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def admit(self, counter: str, limit: int, expires_at: datetime) -> bool:
        try:
            self._table.update(
                {"counter": counter},
                "SET expires_at = :expires ADD seen :one",
                condition="attribute_not_exists(seen) OR seen < :limit",
                values={":expires": int(expires_at.timestamp()), ":one": 1, ":limit": limit},
            )
        except ConditionFailed:
            return False
        return True
