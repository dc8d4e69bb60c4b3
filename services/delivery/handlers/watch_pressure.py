"""Stops journeys and channels that bounce or are complained about too often; runs on a schedule."""

from __future__ import annotations

from typing import Any

from services.delivery.bootstrap import pressure as bootstrap
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> None:
    """Judge what was sent so far."""
    counts = bootstrap.watching_pressure().run()
    logger.info("pressure watched", extra={"counts": dict(counts)})
