"""When permissions lapse, in the ledger's table beside its entries; nothing of it is ever deleted.

pk lapses   sk <until>#<entry id>   the permission that lapses then
pk lapses   sk CURSOR               up to where that was told
"""

from __future__ import annotations

from collections.abc import Iterator

from services.consent.domain.ledger import Entry
from services.consent.ports import Lapse, Subject
from services.shared.aws.dynamo import Op, Table

LAPSES = "lapses"
_CURSOR = {"pk": LAPSES, "sk": "CURSOR"}


def lapse_op(table: Table, entry: Entry) -> Op:
    """Note that what `entry` grants lapses."""
    return table.put_op(
        {
            "pk": LAPSES,
            "sk": f"{entry.until}#{entry.entry_id}",
            "entry_id": entry.entry_id,
            "address_key": entry.address_key,
            "purpose": entry.purpose,
            "channel": entry.channel,
        }
    )


class LapseItems:
    """Port `Lapses`, on the ledger's table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def due(self, until: str, limit: int) -> Iterator[Lapse]:
        told = self._table.get(_CURSOR, consistent=True)
        rows = self._table.query(
            "pk = :pk AND sk BETWEEN :told AND :until",
            values={":pk": LAPSES, ":told": told["upto"] if told else "0", ":until": f"{until}#~"},
            consistent=True,
            limit=limit,
        )
        for item in rows:
            subject = Subject(item["address_key"], item["purpose"], item["channel"])
            yield Lapse(item["sk"], item["entry_id"], subject)

    def told(self, lapse: Lapse) -> None:
        self._table.put({**_CURSOR, "upto": lapse.place})
