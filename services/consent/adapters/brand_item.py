"""The brand in DynamoDB: one item beside the purposes, under a name that no purpose can have."""

from __future__ import annotations

from services.consent.domain.brand import Brand
from services.shared.aws.dynamo import ConditionFailed, Table

NAME = "~brand"


class BrandItem:
    """`BrandStore` on the table of purposes."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self) -> tuple[Brand | None, int]:
        item = self._table.get({"name": NAME})
        return (Brand.model_validate(item["brand"]), item["revision"]) if item else (None, 0)

    def put(self, brand: Brand, revision: int) -> bool:
        item = {"name": NAME, "brand": brand.model_dump(), "revision": revision + 1}
        try:
            if revision:
                self._table.put(item, condition="revision = :revision", values={":revision": revision})
            else:
                self._table.put(item, condition="attribute_not_exists(#n)", names={"#n": "name"})
        except ConditionFailed:
            return False
        return True
