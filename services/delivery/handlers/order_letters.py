"""Orders the letters that wait, and takes in what the printer says in files; runs on two schedules."""

from __future__ import annotations

from typing import Any

from services.delivery.bootstrap import channels as bootstrap
from services.shared.observability import service_logger

logger = service_logger("delivery")


TAKE_REPORTS = {"take": "reports"}
"""What the schedule says that looks for files."""


def handler(event: dict[str, Any], context: Any) -> None:
    """Write the day's order, or take in files."""
    if event == TAKE_REPORTS:
        logger.info("statuses of letters noted", extra={"counts": bootstrap.ordering().take_reports()})
        return
    counts = bootstrap.ordering().close()
    logger.info("letters ordered", extra={"counts": counts})
