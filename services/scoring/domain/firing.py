"""Triggers that fire: each event once, by where the person was when it happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from services.scoring.domain.definitions import Definitions
from services.scoring.domain.memory import Memory
from services.scoring.domain.seeing import scores_of
from services.scoring.domain.standing import Fired
from services.shared.contracts.ingest import CustomerEvent


def firings(
    events: Sequence[CustomerEvent],
    before: Memory,
    memories: Sequence[tuple[datetime, Memory]],
    definitions: Definitions,
    now: datetime,
) -> Iterator[Fired]:
    """What fresh `events` set off. `memories` (ascending) are what `before` became with each event that changed it."""
    for event in events:
        for table in definitions.trigger_tables:
            if event.at <= now - table.within:
                continue
            for trigger in table.matching(event):
                known = next((memory for at, memory in reversed(memories) if at <= event.at), before)
                view = {"scores": scores_of(known, definitions)}
                position, reaction = table.reaction(trigger, view, event.at)
                if reaction:
                    yield Fired(table.name, trigger, position, event.message_id, event.at, reaction)
