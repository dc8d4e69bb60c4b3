"""Keeps the reports' lines in the lake: finished days into Parquet, by schedule."""

from __future__ import annotations

from typing import Any

from services.delivery.bootstrap import lake as bootstrap
from services.delivery.handlers.deadline import time_left
from services.shared.observability import service_logger

RESERVE_MS = 60_000

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> None:
    """Work up days while there is time; the next run takes the rest."""
    days = bootstrap.keeping().compact(time_left(context, RESERVE_MS))
    logger.info("outcomes compacted", extra={"days": days})
