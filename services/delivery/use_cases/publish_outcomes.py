"""The outbox: what changed in the ledger of messages becomes facts on the bus and counts in reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from services.delivery.domain.message import Message
from services.delivery.domain.outcomes import effects_of
from services.delivery.domain.reports.lines import Told, lines_of
from services.delivery.domain.reports.once import Change
from services.delivery.domain.reports.rows import added
from services.delivery.ports.reports import Counters, OutcomeLines
from services.shared.aws.bus import pack
from services.shared.clock import Clock
from services.shared.contracts.base import Fact
from services.shared.contracts.delivery import (
    ComplaintsReceived,
    MessageFailed,
    MessageSent,
    MessageSkipped,
    OutcomesObserved,
)


class Publisher(Protocol):
    """The event bus."""

    def publish(self, facts: Iterable[Fact]) -> None:
        """Put facts on it; raises when it does not take all of them."""
        ...


class PublishOutcomes:
    """Writes down and counts first and publishes second: a repeated batch counts nothing again, and consumers expect
    repetition."""

    def __init__(self, *, counters: Counters, lines: OutcomeLines, bus: Publisher, clock: Clock) -> None:
        self._counters = counters
        self._lines = lines
        self._bus = bus
        self._clock = clock

    def run(
        self, event_ids: Sequence[str], changes: Iterable[tuple[Message | None, Message | None]]
    ) -> Mapping[str, int]:
        """Publish one batch of the stream; how much of each."""
        batch = list(zip(event_ids, changes, strict=True))
        told = [
            Told(new.send_id, Change(event, added(old, new)))
            for event, (old, new) in batch
            if new is not None
        ]
        self._lines.put(lines_of(told))
        self._counters.count([one.change for one in told], self._clock.now())
        effects = effects_of(change for _, change in batch)
        self._bus.publish(
            [
                *pack(effects.sent, lambda rows: MessageSent(messages=rows)),
                *pack(effects.skipped, lambda rows: MessageSkipped(messages=rows)),
                *pack(effects.failed, lambda rows: MessageFailed(messages=rows)),
                *pack(effects.complaints, lambda rows: ComplaintsReceived(complaints=rows)),
                *pack(effects.events, lambda rows: OutcomesObserved(events=rows)),
            ]
        )
        return {
            "sent": len(effects.sent),
            "skipped": len(effects.skipped),
            "failed": len(effects.failed),
            "outcomes": len(effects.events),
        }
