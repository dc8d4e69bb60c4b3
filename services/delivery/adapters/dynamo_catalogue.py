"""Products, what is bought together, and offers, in one DynamoDB table.

`product#<id>` / `product` and `together`; `category#<name>` / `<id>`; `offer` / `<name>`;
`catalogue` / `in_use` once there was a product.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from services.delivery.domain.offers import Offer
from services.delivery.domain.products import Listed, Product, bought_with
from services.delivery.ports.content import StoredOffer
from services.shared.aws.dynamo import ConditionFailed, Item, Table, TransactionRefused, transact
from services.shared.errors import Conflict

OFFERS = "offer"
IN_USE: Item = {"pk": "catalogue", "sk": "in_use"}
TRIES = 3
"""Times a count is tried: one that is lost to a crowd changes no ranking."""


def _product(product_id: str, part: str) -> Item:
    return {"pk": f"product#{product_id}", "sk": part}


def _in_category(product_id: str, category: str) -> Item:
    return {"pk": f"category#{category}", "sk": product_id}


class DynamoCatalogue:
    """`ports.Catalogue` and `ports.CatalogueStore`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def listed(self, product_ids: Sequence[str]) -> dict[str, Listed]:
        keys = [_product(p, part) for p in dict.fromkeys(product_ids) for part in ("product", "together")]
        items = {(i["pk"], i["sk"]): i for i in self._table.get_many(keys)}
        found = {}
        for product_id in product_ids:
            product = items.get((f"product#{product_id}", "product"))
            together = items.get((f"product#{product_id}", "together"), {}).get("counts", {})
            if product or together:
                read = Product.model_validate_json(product["document"]) if product else None
                found[product_id] = Listed(read, together)
        return found

    def of_category(self, name: str, limit: int = 20) -> list[str]:
        items = self._table.query("pk = :pk", values={":pk": f"category#{name}"}, limit=limit)
        return [item["sk"] for item in items]

    def in_use(self) -> bool:
        return self._table.get(IN_USE) is not None

    def put_product(self, product_id: str, product: Product) -> None:
        self._table.put(IN_USE)
        key = _product(product_id, "product")
        before = self._table.get(key, consistent=True)
        old = json.loads(before["document"]).get("category", "") if before else ""
        number = int(before["revision"]) if before else 0
        ops = [
            self._table.put_op(
                {**key, "document": product.model_dump_json(), "revision": number + 1},
                condition="revision = :seen" if before else "attribute_not_exists(pk)",
                values={":seen": number} if before else None,
            )
        ]
        if old and old != product.category:
            ops.append(self._table.delete_op(_in_category(product_id, old)))
        if product.category:
            ops.append(self._table.put_op(_in_category(product_id, product.category)))
        try:
            transact(ops)
        except TransactionRefused as refused:
            raise Conflict("product_changed", f"product {product_id} was changed meanwhile") from refused

    def count_together(self, basket: Sequence[str]) -> None:
        for product in basket:
            others = [other for other in basket if other != product]
            for _ in range(TRIES):
                if self._counted(product, others):
                    break

    def offer(self, name: str) -> StoredOffer | None:
        item = self._table.get({"pk": OFFERS, "sk": name}, consistent=True)
        return _offer(item) if item else None

    def offers(self) -> list[StoredOffer]:
        return [_offer(item) for item in self._table.query("pk = :pk", values={":pk": OFFERS})]

    def put_offer(self, name: str, offer: Offer) -> int:
        before = self._table.get({"pk": OFFERS, "sk": name}, consistent=True)
        number = int(before["revision"]) if before else 0
        if before and _offer(before).offer == offer:
            return number
        item = {"pk": OFFERS, "sk": name, "document": offer.model_dump_json(), "revision": number + 1}
        try:
            self._table.put(
                item,
                condition="revision = :seen" if before else "attribute_not_exists(pk)",
                values={":seen": number} if before else None,
            )
        except ConditionFailed as refused:
            raise Conflict("offer_changed", f"offer {name} was changed meanwhile") from refused
        return number + 1

    def _counted(self, product: str, others: Iterable[str]) -> bool:
        key = _product(product, "together")
        before: Mapping[str, object] = self._table.get(key, consistent=True) or {}
        counts = before.get("counts", {})
        number = before.get("revision", 0)
        if not isinstance(counts, dict) or not isinstance(number, int):
            raise TypeError("counts of products have another form")
        try:
            self._table.put(
                {**key, "counts": bought_with(counts, list(others)), "revision": number + 1},
                condition="revision = :seen" if before else "attribute_not_exists(pk)",
                values={":seen": number} if before else None,
            )
        except ConditionFailed:
            return False
        return True


def _offer(item: Item) -> StoredOffer:
    return StoredOffer(item["sk"], int(item["revision"]), Offer.model_validate_json(item["document"]))
