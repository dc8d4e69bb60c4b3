"""Optimistic change of a message: a pure transition, written only on what it saw, as often as it takes."""

from __future__ import annotations

from collections.abc import Callable

from services.delivery.domain.message import Message
from services.delivery.ports.messages import Messages, Stale

TRIES = 10


def amend(messages: Messages, seen: Message, change: Callable[[Message], Message | None]) -> Message:
    """The message after `change`; unchanged where `change` answers `None`.

    Raises:
        Stale: others changed it faster, ten times in a row, or it is gone.
    """
    for attempt in range(TRIES):
        new = change(seen)
        if new is None:
            return seen
        try:
            messages.update(seen, new)
        except Stale as stale:
            if stale.current is None or attempt == TRIES - 1:
                raise
            seen = stale.current
            continue
        return new
    return seen
