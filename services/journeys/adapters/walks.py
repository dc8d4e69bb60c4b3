"""Enrolments and cohorts in DynamoDB: every write conditional, none in a transaction, which would cost double.

People board in three steps: the page that lists them, their walks, and a look whether the cohort is still open. It
closes before it reads its pages, so whoever boarded an open one is seen; whoever did not may have been missed, and
catches up with the next one unless the cohort has acted on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.journeys.adapters.cohorts import DynamoCohorts, expires_at
from services.journeys.adapters.handing_over import MAX_HOPS, begin_condition, hand_over, update_where_it_is
from services.journeys.adapters.items import (
    enrolment_item,
    enrolment_key,
    page_id,
    page_key,
    read_enrolment,
)
from services.journeys.domain.cohort import Slot
from services.journeys.domain.enrolment import Enrolment, walk_ref
from services.journeys.domain.merging import Verdict
from services.journeys.ports import Boarding
from services.shared.aws.dynamo import ConditionFailed
from services.shared.aws.parallel import done, each
from services.shared.clock import to_iso

_STATUS = {"#status": "status"}


class DynamoWalks(DynamoCohorts):
    """`ports.Walks` on the runtime table."""

    def find(self, refs: Iterable[str], journey: str, *, stale: bool = False) -> dict[str, Enrolment]:
        keys = [enrolment_key(ref, journey) for ref in dict.fromkeys(refs)]
        walks = (read_enrolment(item) for item in self._table.get_many(keys, consistent=not stale))
        return {walk.ref: walk for walk in walks}

    def members(self, refs: Iterable[str], journey: str, cohort: str) -> list[Enrolment]:
        # Whom a stale read shows here is checked by the write; the others are read again.
        asked = list(dict.fromkeys(refs))
        seen = self.find(asked, journey, stale=True)
        here = {ref: walk for ref, walk in seen.items() if walk.active and walk.cohort == cohort}
        unseen = [ref for ref in asked if ref not in here]
        again = self._where_they_are(unseen, journey) if unseen else []
        here |= {walk.ref: walk for walk in again if walk.active and walk.cohort == cohort}
        return list(here.values())

    def of_profile(self, profile_id: str, journey: str = "") -> list[Enrolment]:
        items = self._table.query(
            "pk = :pk AND begins_with(sk, :enrolment)",
            values={":pk": f"P#{profile_id}", ":enrolment": f"E#{journey}"},
            consistent=True,
        )
        walks = (read_enrolment(item) for item in items)
        return [walk for walk in walks if not journey or walk.journey == journey]

    def begin(self, slot: Slot, walks: Sequence[tuple[Enrolment, Enrolment | None]]) -> Boarding:
        pairs = {walk.ref: (walk, last) for walk, last in walks}

        def write(ref: str, page: str) -> None:
            walk, last = pairs[ref]
            self._begin(replace(walk, cohort=slot.key, page=page), last)

        def is_own(found: Enrolment) -> bool:
            return found.enrolment_id == pairs[found.ref][0].enrolment_id

        return self._board(slot, list(pairs), write, is_own)

    def move(self, slot: Slot, journey: str, source: str, refs: Sequence[str]) -> Boarding:
        def write(ref: str, page: str) -> None:
            self._move(slot, ref, journey, page, source)

        return self._board(slot, list(refs), write, lambda _: True)

    def catch_up(self, slot: Slot, journey: str, missed: Slot, refs: Sequence[str]) -> Boarding:
        def write(ref: str, page: str) -> None:
            # Every action leaves a mark: another cohort, an end, or a request, which moves the walk on to its node.
            self._move(
                slot,
                ref,
                journey,
                page,
                missed.key,
                untouched=" AND node = :begun AND attribute_not_exists(requested.#begun)"
                " AND attribute_not_exists(inherited.#begun)",
                names={"#begun": missed.node},
                values={":begun": missed.node},
            )

        return self._board(slot, list(refs), write, lambda _: True)

    def was_aboard(self, walk: Enrolment) -> bool:
        page = self._table.get(page_key(walk.cohort, walk.page), consistent=True)
        return bool(page and page.get("aboard"))

    def request(self, walks: Iterable[Enrolment], node: str, at: datetime, exit_reason: str) -> int:
        return sum(done(each(lambda walk: self._request(walk, node, to_iso(at), exit_reason), walks)))

    def end(self, walks: Iterable[Enrolment], at: datetime, reason: str) -> int:
        ended = each(lambda walk: self._exit(walk, at, reason, "cohort = :mine", walk.cohort), walks)
        return sum(done(ended))

    def stop(self, walks: Iterable[tuple[Enrolment, str]], at: datetime) -> int:
        def stop_one(pair: tuple[Enrolment, str]) -> bool:
            walk, reason = pair
            return self._exit(walk, at, reason, "enrolment_id = :mine", walk.enrolment_id)

        return sum(done(each(stop_one, walks)))

    def hand_over(
        self, lost: Enrolment, won: Enrolment | None, verdict: Verdict, winner: str, at: datetime
    ) -> bool:
        return hand_over(self._table, lost, won, verdict, winner, at)

    def forget(self, profile_id: str) -> int:
        walks = self.of_profile(profile_id)
        for walk in walks:
            self._table.delete(enrolment_key(walk.ref, walk.journey))
        return len(walks)

    def _where_they_are(self, refs: Iterable[str], journey: str) -> list[Enrolment]:
        """The walks of references, or those that went on with them."""
        walks = list(self.find(refs, journey).values())
        for _ in range(MAX_HOPS):
            moved = {walk_ref(walk.moved_to, walk.key) for walk in walks if walk.moved_to}
            if not moved:
                break
            walks = [walk for walk in walks if not walk.moved_to]
            walks += self.find(moved, journey).values()
        return walks

    def _request(self, walk: Enrolment, node: str, at: str, exit_reason: str) -> bool:
        update = "SET requested.#node = :at, node = :node"
        values: dict[str, Any] = {":at": at, ":node": node, ":cohort": walk.cohort, ":active": "active"}
        if exit_reason:
            update += ", #status = :exited, reason = :reason, exited_at = :at"
            values |= {":exited": "exited", ":reason": exit_reason}
        return self._update(
            walk,
            update,
            "cohort = :cohort AND #status = :active AND attribute_not_exists(requested.#node)"
            " AND attribute_not_exists(inherited.#node)",
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
        try:
            place = (self._table, walk.ref, walk.journey)
            update_where_it_is(*place, update, condition=condition, names=names, values=values)
        except ConditionFailed:
            return False
        return True

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
        names: Mapping[str, str] | None = None,
        values: Mapping[str, str] | None = None,
    ) -> None:
        update_where_it_is(
            self._table,
            ref,
            journey,
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
