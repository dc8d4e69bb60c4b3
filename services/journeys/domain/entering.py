"""Who is let in, and what ends a walk before its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.journeys.domain.acting import concerns
from services.journeys.domain.document import Document
from services.journeys.domain.entries import Again
from services.journeys.domain.knowing import view_of
from services.journeys.domain.moves import Seen, Walker
from services.journeys.domain.signals import GOAL, LATE_GOAL, signals_of
from services.shared.conditions import evaluate
from services.shared.contracts.scoring import Standing

WRONG_STAGE = "wrong_stage"
"""Why people who are in none of the allowed stages do not come in, or go."""


ACTIVE = "active"
"""Why whoever walks already does not come in once more."""


@dataclass(frozen=True)
class Last:
    """A person's newest walk through a journey, for one matter: `number` counts them."""

    entered_at: datetime
    active: bool
    number: int


def refused(document: Document, walker: Walker, last: Last | None, seen: Seen, now: datetime) -> str:
    """Why somebody may not begin the walk `walker`; empty: they may.

    `moment_over`, `active`, `never_again`, `too_often`, `too_soon`, `wrong_stage`, or `guard` (the entry's `when`).
    """
    entry = document.entry
    if entry.expires is not None and now - walker.entered_at > entry.expires:
        return "moment_over"
    if last and (reason := _not_again(entry.reentry, walker, last)):
        return reason
    if out_of_stage(document, seen.standing):
        return WRONG_STAGE
    guard = signals_of(document).guard
    return "guard" if guard and not evaluate(guard, view_of(walker, seen), now) else ""


def _not_again(reentry: Again | str, walker: Walker, last: Last) -> str:
    if last.active:
        return ACTIVE
    if reentry == "never":
        return "never_again"
    if not isinstance(reentry, Again):
        return ""
    if reentry.at_most is not None and last.number >= reentry.at_most:
        return "too_often"
    return "too_soon" if walker.entered_at - last.entered_at < reentry.after else ""


def out_of_stage(document: Document, standing: Standing | None) -> bool:
    """Is somebody in none of the stages in which the journey meets people?"""
    stages = document.stages
    if stages is None:
        return False
    theirs = standing.stages.get(stages.lifecycle, {}).values() if standing else ()
    return not set(theirs) & set(stages.allowed)


def ended_by(document: Document, walker: Walker, signal: str, key: str, at: datetime) -> str:
    """Why a signal of `at` (with an event's `key`) ends a walk; empty: it does not. A goal that is reached too late
    ends it as well, as `goal_late`."""
    for ending in signals_of(document).endings:
        if ending.signal == signal and concerns(ending.keyed, key, walker):
            return _goal(document, walker, at) if ending.reason == GOAL else ending.reason
    return ""


def stage_ends(document: Document, standing: Standing | None) -> str:
    """Why somebody's stage ends a walk; empty: it does not."""
    leaving = document.stages is not None and document.stages.on_leaving == "exit"
    return WRONG_STAGE if leaving and out_of_stage(document, standing) else ""


def _goal(document: Document, walker: Walker, at: datetime) -> str:
    within = document.goal.within if document.goal else None
    return GOAL if within is None or at - walker.entered_at <= within else LATE_GOAL
