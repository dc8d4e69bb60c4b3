"""The pass over all standings in DynamoDB: one item of the table `definitions` while it is under way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.scoring.ports import Pass
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.clock import from_iso, to_iso

KEY = {"kind": "backfill", "name": "backfill"}
_UNMOVED = "#definitions = :definitions AND #after = :after"
_NAMES = {"#definitions": "definitions", "#after": "after"}


def pass_item(definitions: int, starts_at: datetime, after: str = "") -> Item:
    """A pass as it is stored."""
    return {**KEY, "definitions": definitions, "starts_at": to_iso(starts_at), "after": after}


class PassCursor:
    """Port `Passes`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def current(self) -> Pass | None:
        item = self._table.get(KEY, consistent=True)
        return Pass(item["definitions"], from_iso(item["starts_at"]), item["after"]) if item else None

    def advance(self, current: Pass, after: str) -> bool:
        try:
            self._table.put(
                pass_item(current.definitions, current.starts_at, after),
                condition=_UNMOVED,
                names=_NAMES,
                values=_values(current),
            )
        except ConditionFailed:
            return False
        return True

    def finish(self, current: Pass) -> bool:
        try:
            self._table.delete(KEY, condition=_UNMOVED, names=_NAMES, values=_values(current))
        except ConditionFailed:
            return False
        return True


def _values(current: Pass) -> Mapping[str, Any]:
    return {":definitions": current.definitions, ":after": current.after}
