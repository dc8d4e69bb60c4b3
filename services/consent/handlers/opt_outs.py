"""Reads the provider's opt-out list: whoever texted STOP to it, and was not heard of here, objects."""

from __future__ import annotations

from typing import Any

from services.consent.bootstrap.replies import opt_outs
from services.shared.observability import service_logger

logger = service_logger("consent")


def handler(event: dict[str, Any], context: Any) -> None:
    """Work off the whole list; repeated, it ends nothing more."""
    reading = opt_outs()
    numbers = ended = 0
    for page in reading.pages():
        numbers += len(page)
        ended += sum(reading.heard(one) for one in page)
    logger.info("opt-outs read", extra={"numbers": numbers, "ended": ended})
