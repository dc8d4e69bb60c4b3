"""Reports of imports in DynamoDB, beside the evidence: `import#<import id>`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.shared.aws.dynamo import Table


class ImportItems:
    """Port `Imports`. A report of 500 rows, each as wrong as it can be, fits an item."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def keep(self, import_id: str, document: Mapping[str, Any]) -> None:
        self._table.put({"pk": f"import#{import_id}", "report": dict(document)})

    def get(self, import_id: str) -> Mapping[str, Any] | None:
        item = self._table.get({"pk": f"import#{import_id}"}, consistent=True)
        return dict(item["report"]) if item else None
