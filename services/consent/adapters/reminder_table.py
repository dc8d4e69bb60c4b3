"""Requests to remind of, in DynamoDB: `day` (YYYY-MM-DD of the due moment, UTC), `request` (address key and id)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from services.consent.reminders import Due
from services.shared.aws.dynamo import Item, Table
from services.shared.clock import from_iso, to_iso

KEPT = timedelta(days=7)
"""After its day nobody looks for it any more."""


class ReminderTable:
    """`ReminderStore` on a table with keys `day` and `request`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def note(self, due: Due) -> None:
        until = int((due.at + KEPT).timestamp())
        self._table.put({**_key(due), "at": to_iso(due.at), "expires_at": until})

    def of_day(self, day: date) -> Iterator[Due]:
        rows = self._table.query(
            "#day = :day", names={"#day": "day"}, values={":day": day.isoformat()}, consistent=True
        )
        for row in rows:
            address_key, _, request_id = row["request"].partition("#")
            yield Due(from_iso(row["at"]), address_key, request_id)

    def settle(self, due: Due) -> None:
        self._table.delete(_key(due))


def _key(due: Due) -> Item:
    return {"day": due.at.date().isoformat(), "request": f"{due.address_key}#{due.request_id}"}
