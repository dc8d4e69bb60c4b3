"""Orders the letters that wait; runs on a schedule."""

from __future__ import annotations

from typing import Any

from services.delivery import bootstrap_channels as bootstrap
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> None:
    """Write the day's order."""
    counts = bootstrap.ordering().close()
    logger.info("letters ordered", extra={"counts": counts})
