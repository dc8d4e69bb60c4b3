"""Drafts in DynamoDB: one item a journey (`sk` = `DRAFT`) in the definitions table."""

from __future__ import annotations

import json

from services.journeys.ports.definitions import Draft
from services.shared.aws.dynamo import ConditionFailed, Table
from services.shared.clock import from_iso, to_iso

DRAFT = "DRAFT"


class DynamoDrafts:
    """`ports.definitions.Drafts` on the definitions table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, name: str) -> Draft | None:
        item = self._table.get({"pk": name, "sk": DRAFT}, consistent=True)
        if item is None:
            return None
        return Draft(json.loads(item["draft"]), item["revision"], from_iso(item["at"]))

    def put(self, name: str, draft: Draft) -> bool:
        item = {
            "pk": name,
            "sk": DRAFT,
            "draft": json.dumps(draft.document, ensure_ascii=False),
            "revision": draft.revision,
            "at": to_iso(draft.at),
        }
        try:
            if draft.revision == 1:
                self._table.put(item, condition="attribute_not_exists(pk)")
            else:
                self._table.put(item, condition="revision = :last", values={":last": draft.revision - 1})
        except ConditionFailed as refused:
            return refused.item == item
        return True

    def names(self) -> list[str]:
        return sorted(str(item["pk"]) for item in self._table.scan() if item["sk"] == DRAFT)
