"""Knocks again on sinks that were paused, by a schedule."""

from __future__ import annotations

from typing import Any

from services.ingest.bootstrap.sinks import sweep
from services.ingest.handlers.on_deliveries import RESERVE_MS
from services.shared.observability import service_logger

logger = service_logger("ingest")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One pass over all sinks."""
    counts = dict(sweep().sweep(lambda: context.get_remaining_time_in_millis() > RESERVE_MS))
    logger.info("sinks swept", extra={"counts": counts})
    return counts
