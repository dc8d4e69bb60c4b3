"""The outbox part of a stored standing: what its latest write changed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.scoring.domain.definitions import Segment
from services.scoring.domain.places import MEMBER, Seat
from services.scoring.domain.standing import Fired, Heard, Moved, ProfileStanding, Scored
from services.shared.clock import from_iso, to_iso


@dataclass(frozen=True)
class Changes:
    """As of `ProfileStanding`."""

    scored: tuple[Scored, ...]
    moved: tuple[Moved, ...]
    fired: tuple[Fired, ...]
    carried: Mapping[str, Any] | None
    accepted_at: datetime | None


def changes_of(standing: ProfileStanding) -> dict[str, Any]:
    """As JSON; empty when nothing changed."""
    telling = standing.scored or standing.moved or standing.fired or standing.heard
    if not telling and standing.carried is None:
        return {}
    changes: dict[str, Any] = {
        "scored": [[s.model, s.score, s.previous] for s in standing.scored],
        "moved": [_told(m) for m in standing.moved],
    }
    if standing.accepted_at:
        changes["accepted_at"] = to_iso(standing.accepted_at)
    if standing.fired:
        changes["fired"] = [{**vars(one), "at": to_iso(one.at)} for one in standing.fired]
    if standing.carried is not None:
        changes["carried"] = standing.carried
    return changes


def read_changes(changes: Mapping[str, Any]) -> Changes:
    """What `changes_of` made."""
    return Changes(
        tuple(Scored(*scored) for scored in changes.get("scored", ())),
        tuple(_moved(*row) for row in changes.get("moved", ())),
        tuple(Fired(**{**one, "at": from_iso(one["at"])}) for one in changes.get("fired", ())),
        changes.get("carried"),
        from_iso(changes["accepted_at"]) if "accepted_at" in changes else None,
    )


def packed_heard(standing: ProfileStanding) -> bytes:
    """What was heard, beside `changes_of`: many rows that are much alike, so packed."""
    rows = [[one.listener, one.message_id, one.key, one.kept, to_iso(one.at)] for one in standing.heard]
    return zlib.compress(json.dumps(rows, separators=(",", ":")).encode())


def read_heard(packed: bytes | None) -> tuple[Heard, ...]:
    """What `packed_heard` made; of a write in which nothing was heard, nothing."""
    rows = json.loads(zlib.decompress(packed)) if packed else ()
    return tuple(Heard(name, message, key, kept, from_iso(at)) for name, message, key, kept, at in rows)


def _told(move: Moved) -> list[Any]:
    held_since = to_iso(move.held_since) if move.held_since else None
    more: list[Any] = [int(move.silent), move.agreed, held_since]
    while more and not more[-1]:
        more.pop()
    return [*move.seat, move.before, move.after, to_iso(move.at), *more]


def _moved(*row: Any) -> Moved:
    """What `changes_of` made, or an earlier version of it that knew segments only."""
    if len(row) == 3:
        segment, at, entered = row
        seat: Seat = (Segment.kind, segment, "")
        return Moved(seat, None if entered else MEMBER, MEMBER if entered else None, from_iso(at))
    kind, name, subject, before, after, at, *more = row
    agreed = more[1] if len(more) > 1 else {}
    held_since = from_iso(more[2]) if len(more) > 2 else None
    seat = (kind, name, subject)
    return Moved(seat, before, after, from_iso(at), bool(more and more[0]), agreed, held_since)
