"""Report rows in DynamoDB.

total             <journey>#…    a row over all days
day#<date>        <journey>#…    and of one day
mailbox#<date>    <mailbox>#…    what came of e-mail at a mailbox provider
batch#<event>     BATCH          what the portion that began with this event has counted, in its order; goes after days
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from services.delivery.domain.reports.once import Change, beyond, portions
from services.delivery.domain.reports.rows import Row, RowKey
from services.shared.aws.dynamo import ConditionFailed, Item, Op, Table, TransactionRefused, transact
from services.shared.aws.parallel import done, each

MOST_ROWS = 45
"""Rows a portion touches: each is two items at most, next to the note."""

CONFLICT_TRIES = 10
NOTE_KEPT = timedelta(days=8)
"""Longer than a stream keeps its records."""

TOTAL = "total"
_ALWAYS = ("journey", "template", "channel")
_DIMENSIONS = (
    "journey",
    "node",
    "variant",
    "campaign",
    "objective",
    "angle",
    "template",
    "channel",
    "mailbox",
)
_NO_NUMBERS = {"pk", "sk", "expires_at", *_DIMENSIONS}


class DynamoCounters:
    """Counters that change in one transaction with a note of what was counted, so that everything counts once."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def count(self, batch: Sequence[Change], at: datetime) -> None:
        for portion in portions(batch, MOST_ROWS):
            left: Sequence[Change] = portion
            while left:
                left = self._count(left, at)

    def totals(self) -> Sequence[Row]:
        return list(_rows("", self._table.query("pk = :p", values={":p": TOTAL})))

    def days(self, days: Iterable[date], *, mailboxes: bool = False) -> Sequence[Row]:
        prefix = "mailbox" if mailboxes else "day"

        def of_one(day: date) -> list[Row]:
            items = self._table.query("pk = :p", values={":p": f"{prefix}#{day.isoformat()}"})
            return list(_rows(day.isoformat(), items))

        return [row for rows in done(each(of_one, days)) for row in rows]

    def of_day(self, journey: str, day: date) -> Sequence[Row]:
        items = self._table.query(
            "pk = :day AND begins_with(sk, :journey)",
            values={":day": f"day#{day.isoformat()}", ":journey": f"{journey}#"},
        )
        return list(_rows(day.isoformat(), items))

    def _count(self, portion: Sequence[Change], at: datetime) -> Sequence[Change]:
        """Count a portion, unless one that began alike is counted; what is left to be counted."""
        ops = [self._note([change.event_id for change in portion], at), *self._add(portion)]
        for attempt in range(CONFLICT_TRIES):
            try:
                transact(ops)
            except TransactionRefused as refused:
                if 0 in refused.failed_conditions():
                    return self._go_on(portion, at)
                if attempt == CONFLICT_TRIES - 1:
                    raise
            else:
                break
        return ()

    def _go_on(self, portion: Sequence[Change], at: datetime) -> Sequence[Change]:
        item = self._table.get(_note_key(portion[0].event_id), consistent=True)
        found = beyond(portion, item["events"].split() if item else ())
        if found.ahead:
            with suppress(ConditionFailed):  # it is noted, or something has gone on from there
                self._table.perform_put(self._note(found.ahead, at))
        return found.rest

    def _note(self, events: Sequence[str], at: datetime) -> Op:
        expires_at = int((at + NOTE_KEPT).timestamp())
        return self._table.put_op(
            {**_note_key(events[0]), "events": " ".join(events), "expires_at": expires_at},
            condition="attribute_not_exists(pk)",
        )

    def _add(self, portion: Iterable[Change]) -> Iterator[Op]:
        sums: dict[tuple[str, RowKey], Counter[str]] = {}
        for change in portion:
            for key, by in change.rows.items():
                for partition in _partitions(key):
                    numbers = sums.setdefault((partition, key.over_all_days()), Counter())
                    for name, amount in by.items():
                        numbers[name] += amount
        for (partition, key), numbers in sorted(sums.items()):
            if by := {name: amount for name, amount in numbers.items() if amount}:
                yield self._row_op(partition, key, by)

    def _row_op(self, partition: str, key: RowKey, by: Mapping[str, int]) -> Op:
        said = {n: v for n, v in asdict(key).items() if n in _ALWAYS or (v and n != "day")}
        names = {f"#c{i}": name for i, name in enumerate(by)}
        adds = ", ".join(f"{alias} :c{i}" for i, alias in enumerate(names))
        sets = ", ".join(f"#d{i} = :d{i}" for i, _ in enumerate(said))
        values: Item = {f":c{i}": amount for i, amount in enumerate(by.values())}
        return self._table.update_op(
            {"pk": partition, "sk": _place(key)},
            f"ADD {adds} SET {sets}",
            names={**names, **{f"#d{i}": name for i, name in enumerate(said)}},
            values={**values, **{f":d{i}": value for i, value in enumerate(said.values())}},
        )


def _partitions(key: RowKey) -> tuple[str, ...]:
    return (f"mailbox#{key.day}",) if key.mailbox else (TOTAL, f"day#{key.day}")


def _place(key: RowKey) -> str:
    if key.mailbox:
        return f"{key.mailbox}#{key.channel}"
    return "#".join(getattr(key, name) for name in _DIMENSIONS if name != "mailbox")


def _note_key(event_id: str) -> Item:
    return {"pk": f"batch#{event_id}", "sk": "BATCH"}


def _rows(day: str, items: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Of a row from which everything was taken back nothing is left."""
    for item in items:
        said = {name: str(item[name]) for name in _DIMENSIONS if name in item}
        numbers = {n: int(value) for n, value in sorted(item.items()) if n not in _NO_NUMBERS and value}
        if numbers:
            yield Row(RowKey(day=day, **said), numbers)
