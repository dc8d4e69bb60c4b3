"""Works through the files of imports."""

from __future__ import annotations

from typing import Any

from services.ingest.bootstrap import imports as bootstrap
from services.shared.aws.records import each_record
from services.shared.observability import service_logger

logger = service_logger("ingest")

NEEDED_MS = 30_000
"""Time one portion may take."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS batch of job ids; a job that needs more time is queued again."""

    def work(record: Any) -> None:
        job_id = record["body"]
        again = bootstrap.import_worker().work(
            job_id, lambda: context.get_remaining_time_in_millis() > NEEDED_MS
        )
        if again:
            bootstrap.import_queue().send(job_id)
        logger.info("import worked on", extra={"job": job_id, "again": again})

    return each_record(
        event,
        work,
        lambda error, message: logger.error(
            "import stopped", extra={"error": type(error).__name__, "message_id": message}
        ),
    )
