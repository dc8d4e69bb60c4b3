"""The pass over all standings in DynamoDB: one item of the table `definitions` while it is under way, and another of
the last one that was finished."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.scoring.ports import Pass, Passed
from services.shared.aws.dynamo import ConditionFailed, Item, Table, TransactionRefused, transact
from services.shared.clock import from_iso, to_iso

KEY = {"kind": "backfill", "name": "backfill"}
DONE = {"kind": "backfill", "name": "done"}
_UNMOVED = "#definitions = :definitions AND #after = :after"
_NAMES = {"#definitions": "definitions", "#after": "after"}


def pass_item(definitions: int, starts_at: datetime) -> Item:
    """A pass that has not begun."""
    return _item(Pass(definitions, starts_at))


class PassCursor:
    """Port `Passes`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def current(self) -> Pass | None:
        item = self._table.get(KEY, consistent=True)
        return _pass(item) if item else None

    def done(self) -> Passed | None:
        item = self._table.get(DONE, consistent=True)
        if not item:
            return None
        return Passed(item["definitions"], from_iso(item["at"]), item["looked_at"], item["failed"])

    def advance(self, current: Pass, to: Pass) -> bool:
        try:
            self._table.put(_item(to), condition=_UNMOVED, names=_NAMES, values=_values(current))
        except ConditionFailed:
            return False
        return True

    def finish(self, current: Pass, done: Passed) -> bool:
        item = {
            **DONE,
            "definitions": done.definitions,
            "at": to_iso(done.at),
            "looked_at": done.looked_at,
            "failed": done.failed,
        }
        over = self._table.delete_op(KEY, condition=_UNMOVED, names=_NAMES, values=_values(current))
        try:
            transact([over, self._table.put_op(item)])
        except TransactionRefused:
            return False
        return True


def _item(one: Pass) -> Item:
    return {
        **KEY,
        "definitions": one.definitions,
        "starts_at": to_iso(one.starts_at),
        "after": one.after,
        "looked_at": one.looked_at,
        "failed": one.failed,
        "waiting": one.waiting,
    }


def _pass(item: Mapping[str, Any]) -> Pass:
    """What `_item` wrote, or an earlier version of it that counted nothing."""
    counts = {name: item.get(name, 0) for name in ("looked_at", "failed", "waiting")}
    return Pass(item["definitions"], from_iso(item["starts_at"]), item["after"], **counts)


def _values(current: Pass) -> Mapping[str, Any]:
    return {":definitions": current.definitions, ":after": current.after}
