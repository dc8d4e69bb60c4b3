"""Report rows in DynamoDB: all days together under `total`, each day under `day#<date>`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from services.delivery.domain.outcomes import RowKey
from services.shared.aws.dynamo import Item, Op, Table, TransactionRefused, transact

CHUNK = 90
"""Rows a transaction changes, next to its marker."""

CONFLICT_TRIES = 10
MARKER_KEPT = timedelta(days=8)
"""Longer than a stream keeps its records."""


class DynamoCounters:
    """Counters that change in one transaction with a marker of the batch, so that a repeated batch counts once."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, batch_id: str, counts: Mapping[RowKey, Mapping[str, int]], at: datetime) -> None:
        rows = sorted(_rows(counts).items())
        for start in range(0, len(rows), CHUNK):
            marker = self._table.put_op(
                {
                    "pk": f"batch#{batch_id}",
                    "sk": f"{start:04}",
                    "expires_at": int((at + MARKER_KEPT).timestamp()),
                },
                condition="attribute_not_exists(pk)",
            )
            _once([marker, *(self._row_op(key, by) for key, by in rows[start : start + CHUNK])])

    def totals(self) -> Sequence[Mapping[str, Any]]:
        return list(self._table.query("pk = :p", values={":p": "total"}))

    def of_day(self, journey: str, day: date) -> Sequence[Mapping[str, Any]]:
        rows = self._table.query(
            "pk = :day AND begins_with(sk, :journey)",
            values={":day": f"day#{day.isoformat()}", ":journey": f"{journey}#"},
        )
        return list(rows)

    def _row_op(self, key: tuple[str, str, str, str], by: Mapping[str, int]) -> Op:
        partition, journey, template, channel = key
        names = {f"#c{i}": name for i, name in enumerate(by)}
        adds = ", ".join(f"{alias} :c{i}" for i, alias in enumerate(names))
        values: Item = {f":c{i}": amount for i, amount in enumerate(by.values())}
        return self._table.update_op(
            {"pk": partition, "sk": f"{journey}#{template}#{channel}"},
            f"ADD {adds} SET journey = :journey, template = :template, channel = :channel",
            names=names,
            values={**values, ":journey": journey, ":template": template, ":channel": channel},
        )


def _rows(counts: Mapping[RowKey, Mapping[str, int]]) -> dict[tuple[str, str, str, str], dict[str, int]]:
    rows: dict[tuple[str, str, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for key, by in counts.items():
        for name, amount in by.items():
            for partition in ("total", f"day#{key.day}"):
                rows[partition, key.journey, key.template, key.channel][name] += amount
    nonzero = {key: {n: a for n, a in by.items() if a} for key, by in rows.items()}
    return {key: by for key, by in nonzero.items() if by}


def _once(ops: list[Op]) -> None:
    for attempt in range(CONFLICT_TRIES):
        try:
            transact(ops)
        except TransactionRefused as refused:
            if 0 in refused.failed_conditions():
                return
            if attempt == CONFLICT_TRIES - 1:
                raise
            continue
        return
