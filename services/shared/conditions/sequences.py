"""Clauses about the order of events.

{"sequence": [{"event": "Product Added"}, {"event": "Order Completed", "within": "P1D", "absent": true}],
 "per": "cart_id", "within": "P30D"}
"""

from __future__ import annotations

from typing import Any

from services.shared.conditions.chains import Chain, Step
from services.shared.conditions.limits import MAX_STEPS
from services.shared.conditions.nodes import Leaf
from services.shared.conditions.reading import Keys, path_of, window
from services.shared.conditions.tracks import Keep, TrackSpec
from services.shared.conditions.watching import Watched, read_watched

_Draft = tuple[Watched, int | None, bool]


def sequence_leaf(keys: Keys) -> Leaf | None:
    """A sequence clause, compiled; each step has a track of its own."""
    raw = keys.raw("sequence")
    per, within = keys.may("per", path_of) or (), keys.may("within", window)
    drafts = _steps(keys, raw)
    bounded = within is not None and all(one is None or one[1] is not None for one in drafts[1:])
    if per and drafts and not bounded:
        keys.problems.add(
            f"{keys.path}per",
            "needs within, on the sequence and on each step after the first: see per of an event",
        )
    if not keys.done():
        return None
    sound = [draft for draft in drafts if draft is not None]
    if not sound or len(sound) < len(drafts):
        return None
    steps = tuple(Step(_spec(sound, i, within, per), sound[i][1], sound[i][2]) for i in range(len(sound)))
    chain = Chain(steps, within)
    return Leaf(
        keys.document,
        chain.check,
        chain.seen,
        chain.moments,
        references=tuple(watched.reference for watched, _, _ in sound),
        tracks=tuple(step.spec for step in steps),
        notes=chain.notes,
    )


def _steps(keys: Keys, raw: Any) -> list[_Draft | None]:
    if not isinstance(raw, list) or not 2 <= len(raw) <= MAX_STEPS:
        keys.problems.add(f"{keys.path}sequence", f"must be a list of 2 to {MAX_STEPS} steps")
        return []
    return [_step(keys, one, i, i == len(raw) - 1) for i, one in enumerate(raw)]


def _step(keys: Keys, raw: Any, i: int, last: bool) -> _Draft | None:
    path = f"{keys.path}sequence.{i}."
    if not keys.problems.admit(path, keys.depth + 1):
        return None
    inner = Keys(raw, path, keys.problems, keys.depth + 1)
    watched = read_watched(inner)
    within = inner.may("within", window) if i else None
    absent = inner.may("absent", _true) or False if last else False
    if absent and "within" not in inner:
        keys.problems.add(f"{path}within", "is required where a step is absent: how long is it waited for?")
    return (watched, within, absent) if inner.done() and watched is not None else None


def _true(raw: Any) -> bool:
    if raw is not True:
        raise ValueError("must be true, or not be there")
    return True


def _spec(drafts: list[_Draft], i: int, within: int | None, per: tuple[str, ...]) -> TrackSpec:
    """What must be kept of step `i`.

    Where any later time will do, the earliest first step is the best one; the newest last step always is. All others
    may yet decide as long as a chain with them could be recent enough.
    """
    watched, since_before, _ = drafts[i]
    if i == 0 and drafts[1][1] is None:
        keep = Keep("first")
    elif i == len(drafts) - 1 and since_before is None:
        keep = Keep("marks", within, 1)
    else:
        keep = Keep("marks", _horizon(drafts, i, within))
    return TrackSpec(watched.pattern, keep, per=per, direction=watched.direction)


def _horizon(drafts: list[_Draft], i: int, within: int | None) -> int | None:
    later = [length for _, length, _ in drafts[i + 1 :]]
    if drafts[i][2]:
        later.append(drafts[i][1])
    if within is None or any(length is None for length in later):
        return None
    return within + sum(length for length in later if length is not None)
