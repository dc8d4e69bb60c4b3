"""Cohorts in DynamoDB: where they are, and the pages that list who travels in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from services.journeys.adapters.items import cohort_meta_key, live_of
from services.journeys.domain.cohort import Slot
from services.journeys.ports.walks import Cohort, Parked
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.clock import from_iso, to_iso

KEPT = timedelta(days=400)
"""How long a cohort's items outlive its beginning: longer than any execution runs. Enrolments stay."""


class DynamoCohorts:
    """`ports.walks.Cohorts` on the runtime table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def cohort(self, key: str) -> Cohort | None:
        item = self._table.get(cohort_meta_key(key), consistent=True)
        return read_cohort(item) if item else None

    def open_cohort(self, slot: Slot, journey: str, version: int, now: datetime) -> Cohort:
        found = self.cohort(slot.key)
        if found:
            return found
        meta = {
            **cohort_meta_key(slot.key),
            "state": "open",
            "started": False,
            "journey": journey,
            "version": version,
            "begun": slot.node,
            "begun_due": to_iso(slot.due),
            "over": slot.over,
            "at": to_iso(slot.at),
            "node": slot.node,
            "since": to_iso(slot.at),
            "due": to_iso(slot.due),
            "live_of": live_of(journey, version),
            "live_due": to_iso(slot.due),
            "created_at": to_iso(now),
            "expires_at": expires_at(slot),
        }
        try:
            self._table.put(meta, condition="attribute_not_exists(pk)")
        except ConditionFailed as refused:
            return read_cohort(refused.item or meta)
        return read_cohort(meta)

    def mark_started(self, key: str) -> None:
        self._table.update(cohort_meta_key(key), "SET started = :yes", values={":yes": True})

    def arrive(self, key: str, node: str, since: datetime, due: datetime, *, stands: bool = False) -> None:
        """Refused to a worker that comes too late: the cohort has gone on, or is done."""
        values: dict[str, Any] = {
            ":closed": "closed",
            ":done": "done",
            ":parked": "parked",
            ":node": node,
            ":since": to_iso(since),
            ":due": to_iso(due),
            ":at_work": not stands,
        }
        try:
            self._table.update(
                cohort_meta_key(key),
                "SET #state = :closed, node = :node, since = :since, due = :due, live_due = :due,"
                " at_work = :at_work",
                condition="attribute_exists(pk) AND #state <> :done AND #state <> :parked AND due <= :due",
                names={"#state": "state"},
                values=values,
            )
        except ConditionFailed as refused:
            if refused.item is None or refused.item["state"] == "open":
                raise
            if refused.item["state"] == "parked":
                raise Parked(key) from None

    def finish(self, key: str) -> None:
        self._table.update(
            cohort_meta_key(key),
            "SET #state = :done REMOVE live_of, live_due",
            condition="attribute_exists(pk)",
            names={"#state": "state"},
            values={":done": "done"},
        )

    def pages(self, key: str, after: str | None) -> Iterator[tuple[str, list[str]]]:
        items = self._table.query(
            "pk = :pk AND sk > :after", values={":pk": f"C#{key}", ":after": after or "P#"}, consistent=True
        )
        for item in items:
            yield str(item["sk"]), list(item["profiles"])


def read_cohort(item: Item) -> Cohort:
    """The cohort of a stored item; older ones have no `begun`, because they did not note where they were."""
    item = {"begun": item["node"], "begun_due": item["due"], "since": item["at"], "over": False, **item}
    key = str(item["pk"]).removeprefix("C#")
    return Cohort(
        slot=Slot(key, item["begun"], from_iso(item["at"]), from_iso(item["begun_due"]), item["over"]),
        started=item["started"],
        state=item["state"],
        node=item["node"],
        since=from_iso(item["since"]),
        due=from_iso(item["due"]),
        arrived="at_work" in item,
    )


def expires_at(slot: Slot) -> int:
    """When the items of a cohort that began in a slot may go, as DynamoDB's time to live wants it."""
    return int((slot.due + KEPT).timestamp())
