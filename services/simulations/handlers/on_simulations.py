"""Works simulations out, one a message."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from services.shared.aws.records import each_record
from services.shared.observability import service_logger
from services.simulations.bootstrap import working_out as bootstrap

RESERVE_MS = 60_000
"""Time kept back for what is in hand, and for saying that there was no more."""

logger = service_logger("simulations")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS batch of `{"id"}`."""

    def remaining() -> timedelta:
        return timedelta(milliseconds=context.get_remaining_time_in_millis() - RESERVE_MS)

    def work_out(record: Mapping[str, Any]) -> None:
        id = json.loads(record["body"])["id"]
        ended = bootstrap.working_out().work_out(id, remaining)
        logger.info("simulation worked on", simulation=id, ended=ended)

    def failed(error: Exception, message_id: str) -> None:
        logger.error("simulation broke", error=type(error).__name__, message_id=message_id)

    return each_record(event, work_out, failed)
