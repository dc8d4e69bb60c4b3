"""Settles messages whose answer and feedback stayed away; runs on a schedule."""

from __future__ import annotations

from typing import Any

from services.delivery.bootstrap import sending as bootstrap
from services.delivery.handlers.deadline import time_left
from services.shared.observability import service_logger

RESERVE_MS = 20_000

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> None:
    """Settle what is due while there is time; the next run takes the rest."""
    counts = bootstrap.sweeping().run(time_left(context, RESERVE_MS))
    logger.info("open messages swept", extra={"counts": dict(counts)})
