"""Cohorts for whoever runs journeys: found by version, parked, and given back.

A parked cohort's META has `state` = `parked`, `carried` (the data of the execution that will go on with it) and
`parks`, which numbers these executions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from services.journeys.adapters.cohorts import read_cohort
from services.journeys.adapters.items import cohort_meta_key, live_of
from services.journeys.ports.running import Live
from services.shared.aws.dynamo import ConditionFailed, Item, Key, Table
from services.shared.clock import from_iso, to_iso
from services.shared.cursors import cursor_of, read_cursor

NEVER = 253402214400
"""Instead of a time to live where there is none: the end of the year 9999."""

_STATE = {"#state": "state"}


class DynamoLiveCohorts:
    """`ports.running.LiveCohorts` on the runtime table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def page(self, journey: str, version: int, cursor: str, limit: int) -> tuple[list[Live], str]:
        items, following = self._table.page(
            "live_of = :of",
            values={":of": live_of(journey, version)},
            index="by_journey",
            start=_start(cursor, live_of(journey, version)),
            limit=limit,
        )
        return [_live(item) for item in items], cursor_of(following) if following else ""

    def live(self, key: str) -> Live | None:
        item = self._table.get(cohort_meta_key(key), consistent=True)
        return _live(item) if item and item["state"] != "done" else None

    def park(self, key: str, carried: Mapping[str, Any], due: datetime, *, standing: bool = False) -> bool:
        condition = "#state IN (:open, :closed) AND due <= :due"
        values: dict[str, Any] = {
            ":open": "open",
            ":closed": "closed",
            ":parked": "parked",
            ":due": to_iso(due),
            ":carried": json.dumps(carried),
            ":none": 0,
            ":one": 1,
        }
        if standing:
            condition += " AND (attribute_not_exists(at_work) OR at_work = :no)"
            values[":no"] = False
        try:
            self._table.update(
                cohort_meta_key(key),
                "SET #state = :parked, carried = :carried, parks = if_not_exists(parks, :none) + :one",
                condition=condition,
                names=_STATE,
                values=values,
            )
        except ConditionFailed:
            return False
        return True

    def unpark(self, key: str, parks: int) -> bool:
        try:
            self._table.update(
                cohort_meta_key(key),
                "SET #state = :closed, started = :no",
                condition="#state = :parked AND parks = :parks",
                names=_STATE,
                values={":closed": "closed", ":parked": "parked", ":no": False, ":parks": parks},
            )
        except ConditionFailed as refused:
            found = refused.item or {}
            return found.get("state") == "closed" and found.get("parks") == parks
        return True

    def park_again(self, key: str, carried: Mapping[str, Any], parks: int) -> bool:
        try:
            self._table.update(
                cohort_meta_key(key),
                "SET carried = :carried, parks = parks + :one",
                condition="#state = :parked AND parks = :parks",
                names=_STATE,
                values={
                    ":parked": "parked",
                    ":carried": json.dumps(carried),
                    ":parks": parks,
                    ":one": 1,
                },
            )
        except ConditionFailed:
            return False
        return True

    def postpone(self, key: str, since: datetime, due: datetime) -> None:
        try:
            self._table.update(
                cohort_meta_key(key),
                "SET since = :since, due = :due, live_due = :due",
                condition="#state <> :done AND due < :due",
                names=_STATE,
                values={":since": to_iso(since), ":due": to_iso(due), ":done": "done"},
            )
        except ConditionFailed:
            return  # it is due later, or over

    def prolong(self, key: str, expires_at: int) -> None:
        keys = self._table.query("pk = :pk", values={":pk": f"C#{key}"})
        for item in keys:
            self._table.update(
                {"pk": item["pk"], "sk": item["sk"]},
                "SET expires_at = :at",
                condition="attribute_exists(pk)",
                values={":at": expires_at},
            )


def _live(item: Item) -> Live:
    return Live(
        cohort=read_cohort(item),
        journey=item["journey"],
        version=item["version"],
        created_at=from_iso(item["created_at"] if "created_at" in item else item["at"]),
        expires_at=datetime.fromtimestamp(item.get("expires_at", NEVER), UTC),
        at_work=item.get("at_work", False),
        parks=item.get("parks", 0),
        carried=json.loads(item.get("carried", "{}")),
    )


def _start(cursor: str, of: str) -> Key | None:
    """The key of a cursor, of this list and no other.

    Raises:
        Invalid: `bad_cursor`.
    """
    if not cursor:
        return None

    def read(key: Any) -> Key:
        if key["live_of"] != of or not all(isinstance(key[name], str) for name in ("pk", "sk", "live_due")):
            raise ValueError("is of another list")
        return {name: key[name] for name in ("pk", "sk", "live_of", "live_due")}

    return read_cursor(cursor, read)
