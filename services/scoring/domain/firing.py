"""Triggers that fire: each event once, by where the person was when it happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.scoring.domain.definitions import Definitions
from services.scoring.domain.memory import Memory
from services.scoring.domain.seeing import scores_of, seen_by_models
from services.scoring.domain.standing import Fired
from services.shared.contracts.ingest import CustomerEvent


def firings(
    events: Sequence[CustomerEvent],
    before: Memory,
    memories: Sequence[tuple[datetime, Memory]],
    traits: Mapping[str, Any],
    definitions: Definitions,
    now: datetime,
) -> Iterator[Fired]:
    """What fresh `events` set off. `memories` (ascending) are what `before` became with each event that changed it,
    `traits` those of the person."""
    for event in events:
        for table in definitions.trigger_tables:
            if event.at <= now - table.within:
                continue
            for trigger in table.matching(event):
                known = next((memory for at, memory in reversed(memories) if at <= event.at), before)
                view = {"scores": scores_of(seen_by_models(known, traits), definitions)}
                position, reaction = table.reaction(trigger, view, event.at)
                if reaction:
                    yield Fired(table.name, trigger, position, event.message_id, event.at, reaction)
