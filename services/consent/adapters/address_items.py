"""The latest e-mail address of profiles, among the evidence: `profile#<id>`. It can be erased."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from services.consent.addresses import Held
from services.shared.aws.dynamo import ConditionFailed, Table

ERASED = timedelta(days=35)
"""How long late messages about an erased person may still be under way."""


class AddressItems:
    """Port `Addresses`, on the evidence table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def held(self, profile_id: str) -> Held | None:
        item = self._table.get(_key(profile_id), consistent=True)
        return Held(item["address"], item["version"], item["since"]) if item and "address" in item else None

    def hold(self, profile_id: str, held: Held) -> None:
        item = {**_key(profile_id), "address": held.address, "version": held.version, "since": held.since}
        try:
            self._table.put(
                item,
                condition="attribute_not_exists(pk) OR version < :version",
                values={":version": held.version},
            )
        except ConditionFailed:
            return  # newer, or erased: such an item has no version

    def forget(self, profile_ids: Iterable[str], now: datetime) -> None:
        for profile_id in profile_ids:
            self._table.put({**_key(profile_id), "expires_at": int((now + ERASED).timestamp())})


def _key(profile_id: str) -> dict[str, str]:
    return {"pk": f"profile#{profile_id}"}
