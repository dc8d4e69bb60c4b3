"""Reminds, on a schedule, of requests that were not confirmed."""

from __future__ import annotations

from typing import Any

from services.consent.bootstrap.replies import reminders
from services.shared.observability import service_logger

logger = service_logger("consent")


def handler(event: dict[str, Any], context: Any) -> None:
    """One round; what it does not get to is due the next time."""
    counts = reminders().run()
    logger.info("reminded", extra={"counts": dict(counts)})
