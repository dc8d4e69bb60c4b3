"""Works off the intake queue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from services.ingest.bootstrap import profiles as bootstrap
from services.ingest.profiles import freshness
from services.shared.aws.records import batch_failures
from services.shared.observability import service_logger

PAUSES = (3, 30, 600, 900)
"""Seconds until a message comes again that waits for the publisher, who is seldom more than a second behind; one for
each delivery but the last before the queue gives a message up."""

logger = service_logger("ingest")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS batch; answers with the messages that are to come again."""
    messages = {record["messageId"]: record["body"] for record in event["Records"]}
    queued_at = {record["messageId"]: freshness.queued_at(record) for record in event["Records"]}
    report = bootstrap.consumer().consume(messages, queued_at)
    behind = [record for record in event["Records"] if record["messageId"] in report.behind]
    failed = report.failed - _let_come_again(behind)
    freshness.note_applied(r for r in event["Records"] if r["messageId"] not in report.failed)
    logger.info(
        "events consumed",
        extra={
            "messages": len(messages),
            "failed": len(report.failed),
            "behind": len(report.behind),
            "errors": dict(report.errors),
            "events": dict(report.dispositions),
            "withheld_traits": report.withheld.total(),
            "profiles": report.profiles,
        },
    )
    return batch_failures(sorted(failed))


def _let_come_again(records: Iterable[Mapping[str, Any]]) -> set[str]:
    """Soon, then later and later. There is nothing wrong with a message that waits, so in the end a copy takes its
    place instead of the dead letters: the ids of those that it took. What this fails for comes when the queue thinks
    fit."""
    replaced: set[str] = set()
    try:
        for record in records:
            receives = int(record["attributes"]["ApproximateReceiveCount"])
            if receives <= len(PAUSES):
                bootstrap.intake().postpone(record["receiptHandle"], PAUSES[receives - 1])
            else:
                bootstrap.intake().send(record["body"], delay_seconds=PAUSES[-1])
                replaced.add(record["messageId"])
    except Exception as error:  # the messages are not acknowledged, so nothing is lost
        logger.warning("messages come again late", extra={"error": type(error).__name__})
    return replaced
