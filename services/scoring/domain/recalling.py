"""How a standing comes to know more of the past than it remembers, when new definitions need that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.scoring.domain.definitions import Definitions
from services.scoring.domain.judging import judge_anew, moved_to, needed
from services.scoring.domain.memory import Memory
from services.scoring.domain.permissions import NOWHERE, Reached
from services.scoring.domain.standing import ProfileStanding
from services.shared.contracts.ingest import CustomerEvent


@dataclass(frozen=True)
class History:
    """All that a profile ever told, by version of the profile, and its traits as they stand."""

    events: Sequence[tuple[int, Sequence[CustomerEvent]]]
    traits: Mapping[str, Any]


def is_behind(standing: ProfileStanding, definitions: Definitions) -> bool:
    """Do definitions need to know more of the past than is remembered?"""
    return not standing.gone and standing.remembered < definitions.complete_from


def catch_up(
    standing: ProfileStanding,
    history: History | None,
    definitions: Definitions,
    now: datetime,
    reached: Reached = NOWHERE,
) -> ProfileStanding | None:
    """The standing under new definitions, though nothing happened to the profile; `None` when it was judged by
    them. Moves are dated now. Who `is_behind` remembers anew, from the whole `history`, and is `reached` as its traits
    have it."""
    if standing.gone:
        return None
    if not is_behind(standing, definitions):
        return judge_anew(standing, definitions, now) if standing.definitions != definitions.version else None
    if history is None:
        raise ValueError("a standing that is behind needs its history")

    def as_of(at: datetime) -> ProfileStanding:
        return recalled(standing, history, definitions, reached, until=at)

    after = recalled(standing, history, definitions, reached)
    return judge_anew(standing, definitions, now, after, as_of=as_of)


def recalled(
    standing: ProfileStanding,
    history: History,
    definitions: Definitions,
    reached: Reached = NOWHERE,
    until: datetime | None = None,
) -> ProfileStanding:
    """The standing with all remembered that `definitions` need, out of the whole past (or that `until` a moment), of
    somebody who is `reached` so by now."""
    memory = Memory()
    # What is not taken in yet will be: it is on its way.
    told = (
        event
        for version, events in history.events
        if version in standing.applied
        for event in events
        if until is None or event.at <= until
    )
    for event in sorted(told, key=lambda e: (e.at, e.message_id)):
        memory = memory.with_event(event, definitions.needs)
    traits = needed(history.traits, definitions)
    there = moved_to(standing, reached, definitions)
    return replace(there, memory=memory, traits=traits, remembered=definitions.version)
