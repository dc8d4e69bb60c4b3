"""Segment membership through time: when verdicts flipped, not when that was noticed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.scoring.domain.definitions import Segment
from services.shared.conditions import evaluate, next_flip


@dataclass(frozen=True)
class Step:
    """From `at` on this is what is known: facts, traits and scores."""

    at: datetime
    facts: Mapping[str, Any]
    traits: Mapping[str, Any]
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Membership:
    """Segments with when each was entered, when others were left, and when time alone changes it next."""

    since: dict[str, datetime]
    left: dict[str, datetime]
    due: datetime | None


def trace(
    segments: Sequence[Segment], since: Mapping[str, datetime], steps: Sequence[Step], now: datetime
) -> Membership:
    """Follow membership from `since` through `steps` (ascending, none after `now`) and all flips up to `now`.

    `segments` come in an order in which each follows those it refers to.
    """
    member, left = dict(since), dict[str, datetime]()
    due: datetime | None = None
    for i, step in enumerate(steps):
        end = steps[i + 1].at if i + 1 < len(steps) else None
        at: datetime | None = step.at
        while at is not None and (at <= now if end is None else at < end or at == step.at):
            view = _settle(segments, member, left, step, at)
            at = due = _earliest_flip(segments, view, at)
    return Membership(member, left, due)


def _settle(
    segments: Sequence[Segment],
    member: dict[str, datetime],
    left: dict[str, datetime],
    step: Step,
    at: datetime,
) -> dict[str, Any]:
    """Bring `member` and `left` up to `at`; the answer is the view it was judged by."""
    current: set[str] = set()
    view = {"facts": step.facts, "traits": step.traits, "scores": step.scores, "segments": current}
    for segment in segments:
        if evaluate(segment.condition, view, at):
            current.add(segment.name)
            member.setdefault(segment.name, at)
    for name in [name for name in member if name not in current]:
        del member[name]
        left[name] = at
    return view


def _earliest_flip(segments: Sequence[Segment], view: Mapping[str, Any], after: datetime) -> datetime | None:
    flips = [next_flip(segment.condition, view, after) for segment in segments if segment.condition.ages]
    return min((flip for flip in flips if flip is not None), default=None)
