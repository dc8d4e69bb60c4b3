"""What people have and look at, in the table of gates: `taste#<profile>` / `taste`."""

from __future__ import annotations

from datetime import datetime

from services.delivery.adapters.dynamo_gates import TOMBSTONE_KEPT
from services.delivery.domain.tastes import Look, Taste
from services.shared.aws.dynamo import ConditionFailed, Item, Table


def _key(profile_id: str) -> Item:
    return {"pk": f"taste#{profile_id}", "sk": "taste"}


class DynamoTastes:
    """`ports.Tastes`; of an erased person a mark stays for a while, so that what comes late is not learned."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def of(self, profile_id: str) -> Taste:
        item = self._table.get(_key(profile_id), consistent=True)
        if item is None or "gone" in item:
            return Taste()
        return Taste(
            had={product: (int(at), bool(back)) for product, (at, back) in item["had"].items()},
            looks=tuple(Look(*look) for look in item["looks"]),
            bought_at=item["bought_at"],
            since=item["since"],
            revision=item["revision"],
        )

    def keep(self, profile_id: str, taste: Taste) -> bool:
        item = {
            **_key(profile_id),
            "had": {product: list(had) for product, had in taste.had.items()},
            "looks": [[one.at, one.key, one.product, one.category, one.weight] for one in taste.looks],
            "bought_at": taste.bought_at,
            "since": taste.since,
            "revision": taste.revision + 1,
        }
        try:
            if taste.revision:
                condition, values = "revision = :seen", {":seen": taste.revision}
                self._table.put(item, condition=condition, values=values)
            else:
                self._table.put(item, condition="attribute_not_exists(pk)")
        except ConditionFailed as refused:
            return "gone" in (refused.item or {})
        return True

    def forget(self, profile_id: str, at: datetime) -> bool:
        known = self._table.get(_key(profile_id), consistent=True)
        until = int((at + TOMBSTONE_KEPT).timestamp())
        self._table.put({**_key(profile_id), "gone": True, "expires_at": until})
        return known is not None and "gone" not in known
