"""Works off the intake queue."""

from __future__ import annotations

from typing import Any

from services.ingest import bootstrap, freshness
from services.shared.aws.records import batch_failures
from services.shared.observability import service_logger

logger = service_logger("ingest")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS batch; answers with the messages that are to come again."""
    messages = {record["messageId"]: record["body"] for record in event["Records"]}
    report = bootstrap.consumer().consume(messages)
    freshness.note_applied(r for r in event["Records"] if r["messageId"] not in report.failed)
    logger.info(
        "events consumed",
        extra={
            "messages": len(messages),
            "failed": len(report.failed),
            "errors": dict(report.errors),
            "events": dict(report.dispositions),
            "profiles": report.profiles,
        },
    )
    return batch_failures(sorted(report.failed))
