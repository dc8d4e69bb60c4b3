"""Getting people into cohorts in DynamoDB: every write conditional, none in a transaction, which would cost double.

People board in three steps: the page that lists them, their walks, and a look whether the cohort is still open. It
closes before it reads its pages, so whoever boarded an open one is seen; whoever did not may have been missed, and
catches up with the next one unless the cohort has acted on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.journeys.adapters.cohorts import DynamoCohorts, expires_at
from services.journeys.adapters.handing_over import (
    UNTOUCHED,
    begin_condition,
    update_where_it_is,
)
from services.journeys.adapters.items import (
    enrolment_item,
    page_id,
    page_key,
    read_enrolment,
)
from services.journeys.adapters.texts import memory_text
from services.journeys.domain.cohort import Slot
from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.moves import Memory
from services.journeys.ports.walks import Boarding
from services.shared.aws.dynamo import ConditionFailed
from services.shared.aws.parallel import done, each
from services.shared.clock import to_iso

STATUS = {"#status": "status"}
TOUCHED = "touched = if_not_exists(touched, :none) + :one"
"""The part of an update that marks that something was written on a walk; `ONE` has its values."""

ONE = {":none": 0, ":one": 1}


class DynamoBoarding(DynamoCohorts):
    """The part of `ports.walks.Walks` that puts people into cohorts, on the runtime table."""

    def begin(self, slot: Slot, walks: Sequence[tuple[Enrolment, Enrolment | None]]) -> Boarding:
        pairs = {walk.ref: (walk, last) for walk, last in walks}

        def write(ref: str, page: str) -> None:
            walk, last = pairs[ref]
            self._begin(replace(walk, cohort=slot.key, page=page), last)

        def is_own(found: Enrolment) -> bool:
            mine = pairs[found.ref][0]
            return (found.enrolment_id, found.entry_version) == (mine.enrolment_id, mine.entry_version)

        return self._board(slot, list(pairs), write, is_own)

    def move(self, slot: Slot, journey: str, source: str, members: Mapping[str, Memory | None]) -> Boarding:
        def write(ref: str, page: str) -> None:
            memory = members[ref]
            also = f", memory = :memory, {TOUCHED}" if memory else ""
            values = {":memory": memory_text(memory), **ONE} if memory else {}
            self._move(slot, ref, journey, page, source, also=also, values=values)

        return self._board(slot, list(members), write, lambda _: True)

    def migrate(
        self, slot: Slot, journey: str, source: str, refs: Sequence[str], version: int, at: datetime
    ) -> Boarding:
        def write(ref: str, page: str) -> None:
            going_over = {
                ":version": version,
                ":migrated": [{"version": version, "at": to_iso(at)}],
                ":never": [],
            }
            self._move(
                slot,
                ref,
                journey,
                page,
                source,
                also=", #version = :version, migrated = list_append(if_not_exists(migrated, :never), :migrated)",
                values=going_over,
            )

        return self._board(slot, list(refs), write, lambda _: True)

    def wake(self, slot: Slot, walk: Enrolment) -> Boarding:
        def write(ref: str, page: str) -> None:
            # What a cohort does to its members leaves a mark: whoever it has acted on is not woken any more.
            seen = {":touched": walk.touched, ":asked": len(walk.requested)}
            same = f" AND {UNTOUCHED} AND size(requested) = :asked"
            self._move(slot, ref, walk.journey, page, walk.cohort, untouched=same, values=seen)

        return self._board(slot, [walk.ref], write, lambda _: True)

    def catch_up(self, slot: Slot, journey: str, missed: Slot, refs: Sequence[str]) -> Boarding:
        def write(ref: str, page: str) -> None:
            # Every action leaves a mark: another cohort, an end, or where something was asked for.
            untouched = " AND (attribute_not_exists(acted) OR acted <> :old)"
            self._move(slot, ref, journey, page, missed.key, untouched=untouched)

        return self._board(slot, list(refs), write, lambda _: True)

    def was_aboard(self, walk: Enrolment) -> bool:
        page = self._table.get(page_key(walk.cohort, walk.page), consistent=True)
        return bool(page and page.get("aboard"))

    def _begin(self, walk: Enrolment, last: Enrolment | None) -> None:
        self._table.put(enrolment_item(walk), **begin_condition(last))

    def _move(
        self,
        slot: Slot,
        ref: str,
        journey: str,
        page: str,
        source: str,
        *,
        untouched: str = "",
        also: str = "",
        values: Mapping[str, Any] | None = None,
    ) -> None:
        update_where_it_is(
            self._table,
            ref,
            journey,
            f"SET cohort = :new, node = :node, page = :page{also}",
            condition=f"cohort = :old AND #status = :active{untouched}",
            names={**STATUS, "#version": "version"} if "#version" in also else STATUS,
            values={
                ":new": slot.key,
                ":node": slot.node,
                ":page": page,
                ":old": source,
                ":active": "active",
                **(values or {}),
            },
        )

    def _board(
        self,
        slot: Slot,
        refs: list[str],
        write: Callable[[str, str], None],
        is_own: Callable[[Enrolment], bool],
    ) -> Boarding:
        page = page_id(refs)
        listed = {
            **page_key(slot.key, page),
            "profiles": refs,
            "expires_at": expires_at(slot),
        }
        self._table.put(listed)
        in_the_way: dict[str, Enrolment | None] = {}

        def board(ref: str) -> None:
            try:
                write(ref, page)
            except ConditionFailed as refused:
                found = read_enrolment(refused.item) if refused.item else None
                # An earlier try whose answer was lost, or whose worker died, is refused by its own work.
                if not (found and found.cohort == slot.key and found.page == page and is_own(found)):
                    in_the_way[ref] = found

        done(each(board, refs))
        aboard = [ref for ref in refs if ref not in in_the_way]
        if not aboard:
            return Boarding((), in_the_way, closed=False)
        cohort = self.cohort(slot.key)
        if cohort is None or not cohort.open:
            return Boarding(aboard, in_the_way, closed=True)
        self._table.put({**listed, "aboard": True})
        return Boarding(aboard, in_the_way, closed=False)
