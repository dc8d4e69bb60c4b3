"""Enrolments in DynamoDB: every write conditional, none in a transaction, which would cost double."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.journeys.adapters.boarding import ONE, STATUS, TOUCHED, DynamoBoarding
from services.journeys.adapters.handing_over import (
    MAX_HOPS,
    UNTOUCHED,
    hand_over,
    update_where_it_is,
)
from services.journeys.adapters.items import (
    enrolment_key,
    is_enrolment,
    read_enrolment,
    refusal_item,
)
from services.journeys.adapters.texts import ask_text, memory_text, to_text, worth_text
from services.journeys.domain.enrolment import Enrolment, walk_ref, went_to
from services.journeys.domain.merging import Verdict
from services.journeys.domain.moves import Memory, Out
from services.journeys.ports.walks import Refusal, Request
from services.shared.aws.dynamo import ConditionFailed
from services.shared.aws.parallel import done, each
from services.shared.clock import to_iso


class DynamoWalks(DynamoBoarding):
    """`ports.walks.Walks` on the runtime table."""

    def find(self, refs: Iterable[str], journey: str, *, stale: bool = False) -> dict[str, Enrolment]:
        keys = [enrolment_key(ref, journey) for ref in dict.fromkeys(refs)]
        walks = (read_enrolment(item) for item in self._table.get_many(keys, consistent=not stale))
        return {walk.ref: walk for walk in walks}

    def members(
        self, refs: Iterable[str], journey: str, cohort: str, *, exact: bool = False
    ) -> list[Enrolment]:
        # Whom a stale read shows here is checked by the write; the others are read again.
        asked = list(dict.fromkeys(refs))
        seen = self.find(asked, journey, stale=not exact)
        here = {ref: walk for ref, walk in seen.items() if walk.active and walk.cohort == cohort}
        unseen = [ref for ref in asked if ref not in here or here[ref].went_to]
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

    def refuse(self, refusal: Refusal, reason_version: int, now: datetime) -> None:
        try:
            self._table.put(
                refusal_item(refusal, reason_version, now),
                condition="attribute_not_exists(pk) OR reason_version < :version",
                values={":version": reason_version},
            )
        except ConditionFailed:
            return  # it is noted already

    def request(self, requests: Iterable[Request], at: datetime) -> int:
        return sum(done(each(lambda request: self._request(request, to_iso(at)), requests)))

    def remember(self, walks: Iterable[tuple[Enrolment, Memory]]) -> None:
        def note(pair: tuple[Enrolment, Memory]) -> bool:
            walk, memory = pair
            values = {":memory": memory_text(memory), ":mine": walk.cohort, ":active": "active"}
            return self._update(
                walk,
                f"SET memory = :memory, {TOUCHED}",
                "cohort = :mine AND #status = :active",
                STATUS,
                {**values, **ONE},
            )

        done(each(note, walks))

    def hear(
        self, walk: Enrolment, heard: Mapping[str, datetime], kept: Mapping[str, Any]
    ) -> Enrolment | None:
        update = f"SET heard = :heard, {TOUCHED}"
        values: dict[str, Any] = {
            ":heard": {name: to_iso(at) for name, at in heard.items()},
            ":mine": walk.enrolment_id,
            ":active": "active",
            ":touched": walk.touched,
            ":cohort": walk.cohort,
            **ONE,
        }
        if kept:
            update, values[":kept"] = f"{update}, kept = :kept", to_text(kept)
        seen = "enrolment_id = :mine AND #status = :active AND cohort = :cohort"
        if not self._update(walk, update, f"{seen} AND {UNTOUCHED}", STATUS, values):
            return None
        return replace(walk, heard=dict(heard), kept=dict(kept), touched=walk.touched + 1)

    def end(self, walks: Iterable[tuple[Enrolment, Out, Memory | None]], at: datetime) -> int:
        def end_one(leaving: tuple[Enrolment, Out, Memory | None]) -> bool:
            walk, out, memory = leaving
            return self._exit(walk, at, out, "cohort = :mine", walk.cohort, memory)

        return sum(done(each(end_one, walks)))

    def stop(self, walks: Iterable[tuple[Enrolment, str]], at: datetime) -> int:
        def stop_one(pair: tuple[Enrolment, str]) -> bool:
            walk, reason = pair
            return self.leave(walk, Out(reason), at)

        return sum(done(each(stop_one, walks)))

    def leave(self, walk: Enrolment, out: Out, at: datetime) -> bool:
        return self._exit(walk, at, out, "enrolment_id = :mine", walk.enrolment_id)

    def hand_over(
        self, lost: Enrolment, won: Enrolment | None, verdict: Verdict, winner: str, at: datetime
    ) -> bool:
        return hand_over(self._table, lost, won, verdict, winner, at)

    def forget(self, profile_id: str) -> int:
        walks = 0
        for item in self._table.query("pk = :pk", values={":pk": f"P#{profile_id}"}, consistent=True):
            self._table.delete({"pk": item["pk"], "sk": item["sk"]})
            walks += is_enrolment(item)
        return walks

    def _where_they_are(self, refs: Iterable[str], journey: str) -> list[Enrolment]:
        """The walks of references, or those that went on with them."""
        found: dict[str, Enrolment] = {}
        pending = set(refs)
        for _ in range(MAX_HOPS):
            walks = self.find(pending, journey)
            found |= walks
            there = {
                walk_ref(profile_id, walk.key) for walk in walks.values() for profile_id in went_to(walk)
            }
            pending = there - set(found)
            if not pending:
                break
        return [walk for walk in found.values() if not walk.moved_to]

    def _request(self, request: Request, at: str) -> bool:
        walk, name = request.walk, request.name
        node = name.partition(".")[0]
        update = f"SET requested.#name = :at, node = :node, acted = :cohort, ask = :ask, {TOUCHED}"
        values: dict[str, Any] = {
            ":at": at,
            ":node": node,
            ":cohort": walk.cohort,
            ":active": "active",
            **ONE,
        }
        values[":ask"] = ask_text(request.ask)
        if request.memory:
            update, values[":memory"] = f"{update}, memory = :memory", memory_text(request.memory)
        if request.out:
            update += _leaving(request.out, at, values)
        return self._update(
            walk,
            update,
            "cohort = :cohort AND #status = :active AND attribute_not_exists(requested.#name)"
            " AND attribute_not_exists(inherited.#name)",
            {**STATUS, "#name": name},
            values,
        )

    def _exit(
        self, walk: Enrolment, at: datetime, out: Out, same: str, mine: str, memory: Memory | None = None
    ) -> bool:
        values: dict[str, Any] = {":mine": mine, ":active": "active"}
        update = f"SET {_leaving(out, to_iso(at), values).removeprefix(', ')}"
        if memory:
            update, values[":memory"] = f"{update}, memory = :memory", memory_text(memory)
        return self._update(walk, update, f"{same} AND #status = :active", STATUS, values)

    def _update(
        self, walk: Enrolment, update: str, condition: str, names: dict[str, str], values: dict[str, Any]
    ) -> bool:
        try:
            place = (self._table, walk.ref, walk.journey)
            update_where_it_is(*place, update, condition=condition, names=names, values=values)
        except ConditionFailed:
            return False
        return True


def _leaving(out: Out, at: str, values: dict[str, Any]) -> str:
    """The part of an update that ends a walk; what it needs is added to `values`."""
    values |= {":exited": "exited", ":reason": out.reason, ":gone": at}
    update = ", #status = :exited, reason = :reason, exited_at = :gone"
    if out.enter:
        update, values[":enters"] = f"{update}, enters = :enters", out.enter
    if out.worth:
        update, values[":worth"] = f"{update}, worth = :worth", worth_text(out.worth)
    return update
