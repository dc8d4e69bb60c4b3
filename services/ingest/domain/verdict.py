"""What became of an event, and the line of the lake that says so."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from services.ingest.domain.arrival import Arrival
from services.ingest.domain.erased import ERASED
from services.shared.clock import to_iso

UNASKED = "unasked"
"""Kept in the lake, and on no profile, because nobody asks for it."""


@dataclass(frozen=True)
class Verdict:
    """What became of an event: `applied`, `duplicate`, `unasked` or `rejected` (with a reason), and for whom; notes,
    with commas between them, say what of it was not taken. `born`: see `Recognised`; `left_out`: see
    `erased.left_out`."""

    disposition: str
    reason: str = ""
    profile_id: str = ""
    message_id: str = ""
    note: str = ""
    born: tuple[str, int] | None = None
    left_out: tuple[int, ...] = ()

    def kept_as(self, receipt: str) -> str:
        """Names the line in the lake. Where nobody asked for an event when it came, and somebody does when it comes
        again, neither may replace the other."""
        return f"{UNASKED}:{receipt}" if self.disposition == UNASKED else receipt


def unasked(message_id: str, profile_id: str) -> Verdict:
    """On an event of a profile that nobody asks for."""
    return Verdict(UNASKED, profile_id=profile_id, message_id=message_id)


def lake_line(arrival: Arrival, verdict: Verdict) -> dict[str, Any]:
    """A line of the lake; a refused event stands in it as text, because it may not be JSON that others read; and not
    at all if it is of somebody who was erased."""
    refused = verdict.disposition == "rejected"
    event = arrival.event if arrival.text is None or refused else json.loads(arrival.text)
    return {
        "receipt": arrival.receipt,
        "source": arrival.source,
        "door": arrival.door,
        "trusted": arrival.trusted,
        "kind": arrival.origin.kind,
        "region": arrival.origin.region,
        "trait_kind": arrival.trait_kind,
        **({"born": list(verdict.born)} if verdict.born else {}),
        **({"left_out": list(verdict.left_out)} if verdict.left_out else {}),
        "received_at": to_iso(arrival.received_at),
        **({"sent_at": to_iso(arrival.sent_at)} if arrival.sent_at else {}),
        "disposition": verdict.disposition,
        "reason": verdict.reason,
        "note": verdict.note,
        "message_id": verdict.message_id,
        "profile_id": verdict.profile_id,
        "event": None if refused else event,
        "refused": arrival.raw() if refused and verdict.reason != ERASED else "",
    }
