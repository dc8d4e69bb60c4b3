"""The writes by which a walk goes from one profile to another, each on condition that nothing has changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.journeys.adapters.items import enrolment_key
from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.merging import MERGED
from services.shared.aws.dynamo import Item, Op, Table
from services.shared.clock import to_iso


def leave_op(table: Table, lost: Enrolment, winner: str, at: datetime) -> Op:
    """Note where a walk went: only the walk that was decided about; messages are only ever added to it."""
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
    return table.update_op(
        enrolment_key(lost.profile_id, lost.journey),
        update,
        condition="enrolment_id = :mine AND #status = :status AND cohort = :cohort"
        f" AND size(requested) = :asked AND attribute_not_exists(moved_to) AND {_inherits(lost, values)}",
        names={"#status": "status"},
        values=values,
    )


def inherit_op(table: Table, won: Enrolment, inherited: Mapping[str, datetime]) -> Op:
    """Let a walk inherit what was asked for under the profile that is part of it now."""
    values: Item = {
        ":mine": won.enrolment_id,
        ":inherited": {node: to_iso(at) for node, at in inherited.items()},
    }
    return table.update_op(
        enrolment_key(won.profile_id, won.journey),
        "SET inherited = :inherited",
        condition=f"enrolment_id = :mine AND {_inherits(won, values)}",
        values=values,
    )


def _inherits(walk: Enrolment, values: Item) -> str:
    """The condition that a walk inherits no more than it was seen to."""
    if not walk.inherited:
        return "attribute_not_exists(inherited)"
    values[":known"] = len(walk.inherited)
    return "size(inherited) = :known"
