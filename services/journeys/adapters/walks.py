"""Enrolments and cohorts in DynamoDB: every write conditional, none in a transaction, which would cost double.

People board in three steps: the page that lists them, their walks, and a look whether the cohort is still open. It
closes before it reads its pages, so whoever boarded an open one is seen; whoever did not may have been missed, and
catches up with the next one unless the cohort has acted on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.journeys.adapters.items import (
    cohort_meta_key,
    enrolment_item,
    enrolment_key,
    page_id,
    page_key,
    read_enrolment,
)
from services.journeys.adapters.parallel import each
from services.journeys.domain.cohort import Slot
from services.journeys.domain.enrolment import Enrolment
from services.journeys.ports import Boarding, Cohort
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.clock import from_iso, to_iso

KEPT = timedelta(days=400)
"""How long a cohort's items outlive its arrival: longer than any execution runs. Enrolments stay."""

_STATUS = {"#status": "status"}


class DynamoWalks:
    """`ports.Walks` on the runtime table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, profile_ids: Iterable[str], journey: str, *, stale: bool = False) -> dict[str, Enrolment]:
        keys = [enrolment_key(profile_id, journey) for profile_id in dict.fromkeys(profile_ids)]
        walks = (read_enrolment(item) for item in self._table.get_many(keys, consistent=not stale))
        return {walk.profile_id: walk for walk in walks}

    def members(self, profile_ids: Iterable[str], journey: str, cohort: str) -> list[Enrolment]:
        # Whom a stale read shows here is checked by the write; the others are read again.
        asked = list(dict.fromkeys(profile_ids))
        seen = self.find(asked, journey, stale=True)
        here = {
            profile_id: walk for profile_id, walk in seen.items() if walk.active and walk.cohort == cohort
        }
        unseen = [profile_id for profile_id in asked if profile_id not in here]
        again = self.find(unseen, journey).values() if unseen else ()
        return [*here.values(), *(walk for walk in again if walk.active and walk.cohort == cohort)]

    def of_profile(self, profile_id: str) -> list[Enrolment]:
        items = self._table.query(
            "pk = :pk AND begins_with(sk, :enrolment)", values={":pk": f"P#{profile_id}", ":enrolment": "E#"}
        )
        return [read_enrolment(item) for item in items]

    def cohort(self, key: str) -> Cohort | None:
        item = self._table.get(cohort_meta_key(key), consistent=True)
        return _read_cohort(item) if item else None

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
            "node": slot.node,
            "at": to_iso(slot.at),
            "due": to_iso(slot.due),
            "created_at": to_iso(now),
            "expires_at": _expires_at(slot),
        }
        try:
            self._table.put(meta, condition="attribute_not_exists(pk)")
        except ConditionFailed as refused:
            return _read_cohort(refused.item or meta)
        return Cohort(slot, open=True, started=False)

    def mark_started(self, key: str) -> None:
        self._table.update(cohort_meta_key(key), "SET started = :yes", values={":yes": True})

    def close(self, key: str) -> None:
        self._table.update(
            cohort_meta_key(key),
            "SET #state = :closed",
            condition="attribute_exists(pk)",
            names={"#state": "state"},
            values={":closed": "closed"},
        )

    def pages(self, key: str, after: str | None) -> Iterator[tuple[str, list[str]]]:
        items = self._table.query(
            "pk = :pk AND sk > :after", values={":pk": f"C#{key}", ":after": after or "P#"}, consistent=True
        )
        for item in items:
            yield str(item["sk"]), list(item["profiles"])

    def begin(self, slot: Slot, walks: Sequence[tuple[Enrolment, Enrolment | None]]) -> Boarding:
        pairs = {walk.profile_id: (walk, last) for walk, last in walks}

        def write(profile_id: str, page: str) -> None:
            walk, last = pairs[profile_id]
            self._begin(replace(walk, cohort=slot.key, page=page), last)

        def is_own(found: Enrolment) -> bool:
            return found.enrolment_id == pairs[found.profile_id][0].enrolment_id

        return self._board(slot, list(pairs), write, is_own)

    def move(self, slot: Slot, journey: str, source: str, profile_ids: Sequence[str]) -> Boarding:
        def write(profile_id: str, page: str) -> None:
            self._move(slot, enrolment_key(profile_id, journey), page, source)

        return self._board(slot, list(profile_ids), write, lambda _: True)

    def catch_up(self, slot: Slot, journey: str, missed: Slot, profile_ids: Sequence[str]) -> Boarding:
        def write(profile_id: str, page: str) -> None:
            # Every action leaves a mark: another cohort, an end, or a request, which moves the walk on to its node.
            self._move(
                slot,
                enrolment_key(profile_id, journey),
                page,
                missed.key,
                untouched=" AND node = :begun AND attribute_not_exists(requested.#begun)",
                names={"#begun": missed.node},
                values={":begun": missed.node},
            )

        return self._board(slot, list(profile_ids), write, lambda _: True)

    def was_aboard(self, walk: Enrolment) -> bool:
        page = self._table.get(page_key(walk.cohort, walk.page), consistent=True)
        return bool(page and page.get("aboard"))

    def request(self, walks: Iterable[Enrolment], node: str, at: datetime, exit_reason: str) -> int:
        return sum(each(lambda walk: self._request(walk, node, to_iso(at), exit_reason), walks))

    def end(self, walks: Iterable[Enrolment], at: datetime, reason: str) -> int:
        return sum(each(lambda walk: self._exit(walk, at, reason, "cohort = :mine", walk.cohort), walks))

    def stop(self, walks: Iterable[tuple[Enrolment, str]], at: datetime) -> int:
        def stop_one(pair: tuple[Enrolment, str]) -> bool:
            walk, reason = pair
            return self._exit(walk, at, reason, "enrolment_id = :mine", walk.enrolment_id)

        return sum(each(stop_one, walks))

    def _request(self, walk: Enrolment, node: str, at: str, exit_reason: str) -> bool:
        update = "SET requested.#node = :at, node = :node"
        values: dict[str, Any] = {":at": at, ":node": node, ":cohort": walk.cohort, ":active": "active"}
        if exit_reason:
            update += ", #status = :exited, reason = :reason, exited_at = :at"
            values |= {":exited": "exited", ":reason": exit_reason}
        return self._update(
            walk,
            update,
            "cohort = :cohort AND #status = :active AND attribute_not_exists(requested.#node)",
            {**_STATUS, "#node": node},
            values,
        )

    def _exit(self, walk: Enrolment, at: datetime, reason: str, same: str, mine: str) -> bool:
        return self._update(
            walk,
            "SET #status = :exited, reason = :reason, exited_at = :at",
            f"{same} AND #status = :active",
            _STATUS,
            {":exited": "exited", ":reason": reason, ":at": to_iso(at), ":mine": mine, ":active": "active"},
        )

    def _update(
        self, walk: Enrolment, update: str, condition: str, names: dict[str, str], values: dict[str, Any]
    ) -> bool:
        key = enrolment_key(walk.profile_id, walk.journey)
        try:
            self._table.update(key, update, condition=condition, names=names, values=values)
        except ConditionFailed:
            return False
        return True

    def _begin(self, walk: Enrolment, last: Enrolment | None) -> None:
        item = enrolment_item(walk)
        if last is None:
            self._table.put(item, condition="attribute_not_exists(pk)")
            return
        self._table.put(
            item,
            condition="enrolment_id = :last AND #status = :exited",
            names=_STATUS,
            values={":last": last.enrolment_id, ":exited": "exited"},
        )

    def _move(
        self,
        slot: Slot,
        key: Item,
        page: str,
        source: str,
        *,
        untouched: str = "",
        names: Mapping[str, str] | None = None,
        values: Mapping[str, str] | None = None,
    ) -> None:
        self._table.update(
            key,
            "SET cohort = :new, node = :node, page = :page",
            condition=f"cohort = :old AND #status = :active{untouched}",
            names={**_STATUS, **(names or {})},
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
        profile_ids: list[str],
        write: Callable[[str, str], None],
        is_own: Callable[[Enrolment], bool],
    ) -> Boarding:
        page = page_id(profile_ids)
        listed = {
            **page_key(slot.key, page),
            "profiles": profile_ids,
            "expires_at": _expires_at(slot),
        }
        self._table.put(listed)
        in_the_way: dict[str, Enrolment | None] = {}

        def board(profile_id: str) -> None:
            try:
                write(profile_id, page)
            except ConditionFailed as refused:
                found = read_enrolment(refused.item) if refused.item else None
                # An earlier try whose answer was lost, or whose worker died, is refused by its own work.
                if not (found and found.cohort == slot.key and found.page == page and is_own(found)):
                    in_the_way[profile_id] = found

        each(board, profile_ids)
        aboard = [profile_id for profile_id in profile_ids if profile_id not in in_the_way]
        if not aboard:
            return Boarding((), in_the_way, closed=False)
        cohort = self.cohort(slot.key)
        if cohort is None or not cohort.open:
            return Boarding(aboard, in_the_way, closed=True)
        self._table.put({**listed, "aboard": True})
        return Boarding(aboard, in_the_way, closed=False)


def _read_cohort(item: Item) -> Cohort:
    key = str(item["pk"]).removeprefix("C#")
    slot = Slot(key, item["node"], from_iso(item["at"]), from_iso(item["due"]))
    return Cohort(slot, open=item["state"] == "open", started=item["started"])


def _expires_at(slot: Slot) -> int:
    return int((slot.at + KEPT).timestamp())
