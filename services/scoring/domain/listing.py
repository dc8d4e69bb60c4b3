"""Who is on the list of a static segment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.scoring.domain.definitions import Definitions, StaticSegment
from services.scoring.domain.judging import judge_anew, still_held
from services.scoring.domain.places import MEMBER, Place
from services.scoring.domain.standing import ProfileStanding


def enlist(
    standing: ProfileStanding,
    name: str,
    definitions: Definitions,
    now: datetime,
    *,
    member: bool,
    silent: bool = False,
) -> ProfileStanding | None:
    """The standing after somebody put the person on the list of a static segment, or took them off it; `None` when
    they were there, or were not. A `silent` change of the list is told to nobody; what follows from it is."""
    seat = (StaticSegment.kind, name, "")
    held = still_held(standing, definitions)
    if (seat in held) is member:
        return None
    now = max(now, standing.at)
    if member:
        held[seat] = Place(MEMBER, now)
    else:
        del held[seat]
    after = judge_anew(standing, definitions, now, held=held)
    moved = (
        replace(move, silent=silent or move.silent) if move.seat == seat else move for move in after.moved
    )
    return replace(after, moved=tuple(moved))


def lists_of(standing: ProfileStanding, definitions: Definitions) -> frozenset[str]:
    """The static segments that the person is in."""
    held = still_held(standing, definitions)
    return frozenset(name for kind, name, _ in held if (kind, name) in definitions.lists)
