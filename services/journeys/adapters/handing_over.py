"""The writes by which a walk goes from one profile to another, and those that follow it there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.journeys.adapters.items import enrolment_item, enrolment_key
from services.journeys.adapters.texts import memory_text
from services.journeys.domain.enrolment import Enrolment, walk_ref
from services.journeys.domain.merging import MERGED, Inherit, TakeOver, Verdict
from services.shared.aws.dynamo import ConditionFailed, Item, Op, Table, TransactionRefused, transact
from services.shared.clock import to_iso

MAX_HOPS = 10
"""Merges a walk is followed through: one after the other while somebody still holds its first profile."""

UNTOUCHED = "(attribute_not_exists(touched) OR touched = :touched)"
"""The condition that a walk has heard and remembers no more than it was seen to. Old ones do not count that."""

TRANSIENT = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


def hand_over(
    table: Table, lost: Enrolment, won: Enrolment | None, verdict: Verdict, winner: str, at: datetime
) -> bool:
    """All of it in one transaction; `False`: a walk has changed, or another transaction was in the way.

    Raises:
        TransactionRefused: for a reason that trying again does not mend.
    """
    ops = [_leave_op(table, lost, winner, at)]
    if isinstance(verdict, TakeOver):
        ops.append(table.put_op(enrolment_item(verdict.walk), **begin_condition(won)))
    elif won and (verdict.inherited, verdict.memory) != (won.inherited, won.memory):
        ops.append(_inherit_op(table, won, verdict))
    try:
        transact(ops)
    except TransactionRefused as refused:
        codes = {r.code for r in refused.refusals} - {None, "ConditionalCheckFailed"}
        if codes - TRANSIENT or not refused.refusals:
            raise
        return False
    return True


def begin_condition(last: Enrolment | None) -> dict[str, Any]:
    """The condition under which a new walk may replace `last`: that one has not gone to another profile since it
    was seen."""
    if last is None:
        return {"condition": "attribute_not_exists(pk)"}
    values: Item = {":last": last.enrolment_id, ":exited": "exited"}
    return {
        "condition": f"enrolment_id = :last AND #status = :exited AND {_went(last, values)}",
        "names": {"#status": "status"},
        "values": values,
    }


def _leave_op(table: Table, lost: Enrolment, winner: str, at: datetime) -> Op:
    """Note where a walk went: only the walk that was decided about; messages are only ever added to it."""
    update = "SET moved_to = :winner"
    values: Item = {
        ":winner": winner,
        ":mine": lost.enrolment_id,
        ":status": lost.status,
        ":cohort": lost.cohort,
        ":asked": len(lost.requested),
        ":touched": lost.touched,
    }
    if lost.active:
        update += ", #status = :exited, reason = :reason, exited_at = :at"
        values |= {":exited": "exited", ":reason": MERGED, ":at": to_iso(at)}
    return table.update_op(
        enrolment_key(lost.ref, lost.journey),
        update,
        condition="enrolment_id = :mine AND #status = :status AND cohort = :cohort"
        f" AND size(requested) = :asked AND {UNTOUCHED}"
        f" AND attribute_not_exists(moved_to) AND {_inherits(lost, values)}",
        names={"#status": "status"},
        values=values,
    )


def _inherit_op(table: Table, won: Enrolment, verdict: Inherit) -> Op:
    """Let a walk inherit what was asked for under the profile that is part of it now, and what that one has had."""
    values: Item = {":mine": won.enrolment_id, ":touched": won.touched, ":next": won.touched + 1}
    changes = ["touched = :next"]
    if verdict.inherited != won.inherited:
        changes.append("inherited = :inherited")
        values[":inherited"] = {node: to_iso(at) for node, at in verdict.inherited.items()}
    if verdict.memory != won.memory:
        changes.append("memory = :memory")
        values[":memory"] = memory_text(verdict.memory)
    return table.update_op(
        enrolment_key(won.ref, won.journey),
        f"SET {', '.join(changes)}",
        condition=f"enrolment_id = :mine AND {UNTOUCHED} AND {_inherits(won, values)} AND {_went(won, values)}",
        values=values,
    )


def _went(walk: Enrolment, values: Item) -> str:
    """The condition that a walk has gone nowhere else than it was seen to."""
    if not walk.moved_to:
        return "attribute_not_exists(moved_to)"
    values[":there"] = walk.moved_to
    return "moved_to = :there"


def _inherits(walk: Enrolment, values: Item) -> str:
    """The condition that a walk inherits no more than it was seen to."""
    if not walk.inherited:
        return "attribute_not_exists(inherited)"
    values[":known"] = len(walk.inherited)
    return "size(inherited) = :known"


def update_where_it_is(
    table: Table,
    ref: str,
    journey: str,
    update: str,
    *,
    condition: str,
    names: Mapping[str, str],
    values: Item,
) -> None:
    """Update a walk, or one that went on with it.

    Raises:
        ConditionFailed: none is as the condition wants it.
    """
    pending, seen, refusal = [ref], list[str](), ConditionFailed()
    while pending and len(seen) < MAX_HOPS:
        seen.append(pending.pop(0))
        key = enrolment_key(seen[-1], journey)
        try:
            table.update(key, update, condition=condition, names=names, values=values)
        except ConditionFailed as refused:
            if not refusal.item or "moved_to" in refusal.item:  # what stands there itself says most
                refusal = refused
            pending += [one for one in elsewhere(refused.item or {}) if one not in seen]
        else:
            return
    raise refusal


def elsewhere(item: Item) -> list[str]:
    """Where those are who are named by a walk's reference and went on as somebody else: this walk, or earlier ones."""
    there = (*([item["moved_to"]] if "moved_to" in item else []), *item.get("went_to", ()))
    return [walk_ref(profile_id, item.get("key", "")) for profile_id in there]
