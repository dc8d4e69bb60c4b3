"""Hourly: cohorts whose far time is near, that a pause left behind, or that are stuck."""

from __future__ import annotations

from typing import Any

from services.journeys.bootstrap import operating as bootstrap
from services.shared.observability import service_logger

logger = service_logger("journeys")


def handler(event: dict[str, Any], context: Any) -> None:
    """Send the chores."""
    logger.info("versions swept", versions=bootstrap.sweeping().run())
