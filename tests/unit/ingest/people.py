"""Events of a timeline with sane defaults."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.shared.contracts.ingest import CallType, CustomerEvent

START = datetime(2026, 1, 10, 12, tzinfo=UTC)


def event(
    name: str, minutes: float = 0, /, *, type: CallType = "track", message_id: str = "", **properties: Any
) -> CustomerEvent:
    return CustomerEvent(
        message_id=message_id or f"{name}@{minutes}",
        type=type,
        name=name,
        at=START + timedelta(minutes=minutes),
        properties=properties,
    )


def page(name: str, minutes: float = 0, /, **properties: Any) -> CustomerEvent:
    return event(name, minutes, type="page", **properties)
