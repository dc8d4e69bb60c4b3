"""Enrolments and cohorts in DynamoDB: every write conditional, a whole page of members in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.journeys.adapters.items import (
    cohort_meta_key,
    enrolment_item,
    enrolment_key,
    page_item,
    read_enrolment,
)
from services.journeys.domain.cohort import Slot
from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.merging import MERGED, TakeOver, Verdict
from services.journeys.ports import Cohort, Moved, Refused
from services.shared.aws.dynamo import (
    ConditionFailed,
    Item,
    Op,
    Refusal,
    Table,
    TransactionRefused,
    transact,
)
from services.shared.aws.parallel import done, each
from services.shared.clock import from_iso, to_iso

KEPT = timedelta(days=400)
"""How long a cohort's items outlive its arrival: longer than any execution runs. Enrolments stay."""

MAX_HOPS = 10
"""Merges a walk is followed through: one after the other while somebody still holds its first profile."""

_TRANSIENT = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
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
        again = self._where_they_are(unseen, journey) if unseen else []
        here |= {walk.profile_id: walk for walk in again if walk.active and walk.cohort == cohort}
        return list(here.values())

    def of_profile(self, profile_id: str) -> list[Enrolment]:
        items = self._table.query(
            "pk = :pk AND begins_with(sk, :enrolment)",
            values={":pk": f"P#{profile_id}", ":enrolment": "E#"},
            consistent=True,
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

    def begin(self, slot: Slot, walks: Sequence[tuple[Enrolment, Enrolment | None]]) -> Moved | Refused:
        ops = [self._begin_op(replace(walk, cohort=slot.key), last) for walk, last in walks]
        return self._join(slot, [walk.profile_id for walk, _ in walks], ops)

    def move(self, slot: Slot, journey: str, source: str, profile_ids: Sequence[str]) -> Moved | Refused:
        ops = [
            self._table.update_op(
                enrolment_key(profile_id, journey),
                "SET cohort = :new, node = :node",
                condition="cohort = :old AND #status = :active",
                names=_STATUS,
                values={":new": slot.key, ":node": slot.node, ":old": source, ":active": "active"},
            )
            for profile_id in profile_ids
        ]
        return self._join(slot, list(profile_ids), ops)

    def request(self, walks: Iterable[Enrolment], node: str, at: datetime, exit_reason: str) -> int:
        return sum(done(each(lambda walk: self._request(walk, node, to_iso(at), exit_reason), walks)))

    def end(self, walks: Iterable[Enrolment], at: datetime, reason: str) -> int:
        return sum(
            done(each(lambda walk: self._exit(walk, at, reason, "cohort = :mine", walk.cohort), walks))
        )

    def stop(self, walks: Iterable[tuple[Enrolment, str]], at: datetime) -> int:
        def stop_one(pair: tuple[Enrolment, str]) -> bool:
            walk, reason = pair
            return self._exit(walk, at, reason, "enrolment_id = :mine", walk.enrolment_id)

        return sum(done(each(stop_one, walks)))

    def hand_over(
        self, lost: Enrolment, won: Enrolment | None, verdict: Verdict, winner: str, at: datetime
    ) -> bool:
        ops = [self._leave_op(lost, winner, at)]
        if isinstance(verdict, TakeOver):
            ops.append(self._begin_op(verdict.walk, won))
        elif won and verdict.inherited != won.inherited:
            ops.append(self._inherit_op(won, verdict.inherited))
        try:
            transact(ops)
        except TransactionRefused as refused:
            _check_transient(refused)
            return False
        return True

    def forget(self, profile_id: str) -> int:
        walks = self.of_profile(profile_id)
        for walk in walks:
            self._table.delete(enrolment_key(profile_id, walk.journey))
        return len(walks)

    def _where_they_are(self, profile_ids: Iterable[str], journey: str) -> list[Enrolment]:
        """The walks of profiles, or those that went on with them."""
        walks = list(self.find(profile_ids, journey).values())
        for _ in range(MAX_HOPS):
            moved = {walk.moved_to for walk in walks if walk.moved_to}
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
        profile_id = walk.profile_id
        for _ in range(MAX_HOPS):
            key = enrolment_key(profile_id, walk.journey)
            try:
                self._table.update(key, update, condition=condition, names=names, values=values)
            except ConditionFailed as refused:
                profile_id = (refused.item or {}).get("moved_to", "")
                if not profile_id:
                    return False
                continue
            return True
        return False

    def _leave_op(self, lost: Enrolment, winner: str, at: datetime) -> Op:
        """Only the walk that was decided about: messages are only ever added to it."""
        update = "SET moved_to = :winner"
        values: Item = {
            ":winner": winner,
            ":mine": lost.enrolment_id,
            ":status": lost.status,
            ":cohort": lost.cohort,
            ":asked": len(lost.requested),
        }
        if lost.active:
            update += ", #status = :exited, reason = :reason, exited_at = :at"
            values |= {":exited": "exited", ":reason": MERGED, ":at": to_iso(at)}
        return self._table.update_op(
            enrolment_key(lost.profile_id, lost.journey),
            update,
            condition="enrolment_id = :mine AND #status = :status AND cohort = :cohort"
            f" AND size(requested) = :asked AND attribute_not_exists(moved_to) AND {_inherits(lost, values)}",
            names=_STATUS,
            values=values,
        )

    def _inherit_op(self, won: Enrolment, inherited: Mapping[str, datetime]) -> Op:
        values: Item = {
            ":mine": won.enrolment_id,
            ":inherited": {node: to_iso(at) for node, at in inherited.items()},
        }
        return self._table.update_op(
            enrolment_key(won.profile_id, won.journey),
            "SET inherited = :inherited",
            condition=f"enrolment_id = :mine AND {_inherits(won, values)}",
            values=values,
        )

    def _begin_op(self, walk: Enrolment, last: Enrolment | None) -> Op:
        item = enrolment_item(walk)
        if last is None:
            return self._table.put_op(item, condition="attribute_not_exists(pk)")
        return self._table.put_op(
            item,
            condition="enrolment_id = :last AND #status = :exited",
            names=_STATUS,
            values={":last": last.enrolment_id, ":exited": "exited"},
        )

    def _join(self, slot: Slot, profile_ids: list[str], ops: list[Op]) -> Moved | Refused:
        check = self._table.check_op(
            cohort_meta_key(slot.key), "#state = :open", names={"#state": "state"}, values={":open": "open"}
        )
        page = self._table.put_op(page_item(slot.key, profile_ids, _expires_at(slot)))
        try:
            transact([check, page, *ops])
        except TransactionRefused as refused:
            return _refused(refused, profile_ids)
        return Moved()


def _inherits(walk: Enrolment, values: Item) -> str:
    """The condition that a walk inherits no more than it was seen to."""
    if not walk.inherited:
        return "attribute_not_exists(inherited)"
    values[":known"] = len(walk.inherited)
    return "size(inherited) = :known"


def _check_transient(refused: TransactionRefused) -> None:
    """Raise again what trying again does not mend."""
    codes = {r.code for r in refused.refusals} - {None, "ConditionalCheckFailed"}
    if codes - _TRANSIENT or not refused.refusals:
        raise refused


def _refused(refused: TransactionRefused, profile_ids: list[str]) -> Refused:
    _check_transient(refused)
    failed = set(refused.failed_conditions())
    in_the_way = {
        profile_id: _walk_in_the_way(refused.refusals[i])
        for i, profile_id in enumerate(profile_ids, start=2)
        if i in failed
    }
    return Refused(closed=0 in failed, in_the_way=in_the_way)


def _walk_in_the_way(refusal: Refusal) -> Enrolment | None:
    return read_enrolment(refusal.item) if refusal.item else None


def _read_cohort(item: Item) -> Cohort:
    key = str(item["pk"]).removeprefix("C#")
    slot = Slot(key, item["node"], from_iso(item["at"]), from_iso(item["due"]))
    return Cohort(slot, open=item["state"] == "open", started=item["started"])


def _expires_at(slot: Slot) -> int:
    return int((slot.at + KEPT).timestamp())
