"""Works on parts of runs, for a while per message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.journeys.bootstrap import campaigns as bootstrap
from services.journeys.ports.planning import Chore
from services.shared.aws.records import each_record
from services.shared.observability import service_logger

logger = service_logger("journeys")

RESERVE_MS = 60_000
"""No page is begun when less than this is left: a page takes seconds, and must be finished."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS batch of chores; one that is not done by then is sent again."""
    fan_out, chores = bootstrap.fan_out()

    def work(record: Mapping[str, Any]) -> None:
        chore = Chore.model_validate_json(record["body"])
        done = fan_out.work(chore, lambda: context.get_remaining_time_in_millis() > RESERVE_MS)
        if done.more:
            chores.send([chore])
        logger.info(
            "part worked on", journey=chore.journey, pages=done.pages, entered=done.entered, more=done.more
        )

    return each_record(event, work, _failed)


def _failed(error: Exception, message_id: str) -> None:
    logger.warning("part failed", message_id=message_id, error=type(error).__name__)
