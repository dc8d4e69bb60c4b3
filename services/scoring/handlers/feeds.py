"""Reads the feeds of forums."""

from __future__ import annotations

from typing import Any, Protocol

from services.scoring.bootstrap import mentions as bootstrap
from services.shared.observability import service_logger

MARGIN_MS = 20_000
"""Time kept back for the feed in hand."""

logger = service_logger("scoring")


class Context(Protocol):
    """The part of Lambda's context that is needed."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is cut off."""
        ...


def handler(event: dict[str, Any], context: Context) -> dict[str, int]:
    """How often each outcome was: `read`, `unreadable_feed`, `http_404`, `timeout`, ..."""
    outcomes = dict(bootstrap.feeds().run(lambda: context.get_remaining_time_in_millis() > MARGIN_MS))
    logger.info("feeds read", outcomes=outcomes)
    return outcomes
