"""Looks the holidays and zones of the pressure policy up again; runs on a schedule."""

from __future__ import annotations

from typing import Any

from services.delivery.bootstrap import pressure as bootstrap
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> None:
    """Renew the calendar of the policy in force."""
    logger.info("calendar renewed", holidays=bootstrap.setting_pressure().renew())
