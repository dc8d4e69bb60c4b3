"""Works off large exports, a round per message."""

from __future__ import annotations

import json
from typing import Any

from services.ingest.bootstrap import people as bootstrap
from services.shared.aws.records import each_record
from services.shared.observability import service_logger

logger = service_logger("ingest")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS batch; a round that fails comes again."""
    return each_record(event, _work, _failed)


def _work(record: Any) -> None:
    asked = json.loads(record["body"])
    done = bootstrap.export_worker().work(asked["profile_id"], asked["export_id"])
    logger.info("export worked on", extra={"export_id": asked["export_id"], "done": done})


def _failed(error: Exception, message_id: str) -> None:
    logger.warning("export round failed", extra={"message_id": message_id, "error": type(error).__name__})
