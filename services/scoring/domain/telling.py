"""What a write of a standing tells the others: which scores changed, and who moved where."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.scoring.domain.definitions import Definition, Definitions, Segment, Strategy
from services.scoring.domain.definitions.hearing import is_watch
from services.scoring.domain.definitions.lifecycles import Lifecycle
from services.scoring.domain.places import Place, Seat, steps
from services.scoring.domain.standing import Moved, ProfileStanding, Scored
from services.scoring.domain.trace import Traced


def moved(
    before: ProfileStanding,
    traced: Traced,
    definitions: Definitions,
    now: datetime,
    already: Collection[str] = (),
) -> tuple[Moved, ...]:
    """The moves, with what was agreed for where they lead; silent ones are told to nobody. `already` are the new
    watches that held when they were asked for."""
    return tuple(
        replace(
            move, silent=_is_silent(move, before, definitions, already), agreed=_agreed(move, definitions)
        )
        for move in _net(before.places, traced, now)
    )


def shows_watch(moves: Iterable[Moved]) -> bool:
    """Is somebody in a watch now without a word? Then others must see the standing all the same."""
    return any(move.silent and move.after and is_watch(move.seat[1]) for move in moves)


def scored(
    before: ProfileStanding, scores: Mapping[str, float], *, facts_changed: bool
) -> tuple[Scored, ...]:
    """Models whose score changed, else one entry without a model if facts did or the profile is new."""
    changed = tuple(
        Scored(model, score, before.scores.get(model, 0))
        for model, score in scores.items()
        if score != before.scores.get(model, 0)
    )
    if changed or not (facts_changed or before.version == 0):
        return changed
    return (Scored("", 0, 0),)


def _is_silent(
    move: Moved, before: ProfileStanding, definitions: Definitions, already: Collection[str]
) -> bool:
    """Does somebody move only because something was defined, and is nobody to hear of that?"""
    kind, name, _ = move.seat
    if is_watch(name):
        return name in already or definitions.watch(name) is None
    one = definitions.get(kind, name)
    if not (isinstance(one, Segment | Strategy) and one.silent and before.version):
        return False
    return is_new(one, before, definitions)


def is_new(one: Definition, before: ProfileStanding, definitions: Definitions) -> bool:
    """Was a standing never judged by a definition as it is now, or not with all that it needs?"""
    defined = definitions.introduced[f"{one.kind}/{one.name}"]
    return before.definitions < defined or before.remembered < max(
        (definitions.introduced[need] for need in one.needs.names), default=0
    )


def _agreed(move: Moved, definitions: Definitions) -> Mapping[str, Any]:
    kind, name, _ = move.seat
    one = definitions.get(kind, name)
    return one.agreed_for(move.after) if isinstance(one, Strategy) else {}


def _net(before: Mapping[Seat, Place], traced: Traced, now: datetime) -> tuple[Moved, ...]:
    """The net of all moves, but for places that remember their way: who is back where they were did not move."""
    moves = [
        Moved(
            seat,
            old.value if old else None,
            new.value if new else None,
            new.since if new else traced.left.get(seat, now),
            held_since=old.since if old and seat[0] == Lifecycle.kind else None,
        )
        for seat in before.keys() | traced.places.keys()
        for old, new in steps(before.get(seat), traced.places.get(seat))
    ]
    return tuple(sorted(moves, key=lambda move: (move.at, move.seat)))
