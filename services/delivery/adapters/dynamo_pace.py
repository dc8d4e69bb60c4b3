"""A channel's allowance in DynamoDB, which all workers share: `pace#<channel>` / `bucket`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from services.delivery.domain.pressure.pace import Bucket, Quota
from services.shared.aws.dynamo import ConditionFailed, Item, Table


class DynamoBuckets:
    """`ports.Buckets`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, channel: str) -> tuple[Bucket, int]:
        item = self._table.get(_key(channel), consistent=True)
        if item is None:
            return Bucket(), 0
        stored: dict[str, Any] = json.loads(item["bucket"])
        return Bucket(**{**stored, "quota": Quota(**stored["quota"])}), int(item["revision"])

    def put(self, channel: str, bucket: Bucket, seen: int) -> bool:
        item = {**_key(channel), "bucket": json.dumps(asdict(bucket)), "revision": seen + 1}
        try:
            self._table.put(
                item,
                condition="revision = :seen" if seen else "attribute_not_exists(pk)",
                values={":seen": seen} if seen else None,
            )
        except ConditionFailed:
            return False
        return True


def _key(channel: str) -> Item:
    return {"pk": f"pace#{channel}", "sk": "bucket"}
