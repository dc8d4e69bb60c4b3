"""The hourly anchor."""

from __future__ import annotations

from typing import Any

from services.consent.bootstrap.audit import anchoring
from services.shared.observability import service_logger

logger = service_logger("consent")


def handler(event: dict[str, Any], context: object) -> None:
    """Anchor what came since the last hour; it fails, and alarms, where the ledger is not what was appended."""
    logger.info("ledger anchored", extra=anchoring().run())
