"""How often one address may be asked to confirm: a sliding window, so no edge lets a double dose through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

REQUESTS_PER_ADDRESS = 3
WINDOW = timedelta(hours=24)


def admit(earlier: Sequence[datetime], now: datetime) -> list[datetime] | None:
    """The requests in the window with this one added, or `None` when there are too many already."""
    recent = [at for at in earlier if now - at < WINDOW]
    return None if len(recent) >= REQUESTS_PER_ADDRESS else [*recent, now]
