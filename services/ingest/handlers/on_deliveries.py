"""Delivers to sinks, and lets what failed come again later and later."""

from __future__ import annotations

from typing import Any

from services.ingest.bootstrap.sinks import deliver, deliveries
from services.ingest.domain.sinks import Delivery
from services.ingest.sinks.deliver import Queued
from services.shared.aws.records import batch_failures
from services.shared.observability import service_logger

RESERVE_MS = 20_000
"""No attempt begins when less is left: one may take 8 seconds, and its outcome must be noted."""

logger = service_logger("ingest")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One try for each delivery of an SQS batch."""
    records = {record["messageId"]: record for record in event["Records"]}
    batch, unreadable = _read(records)
    tries = deliver().deliver(batch, lambda: context.get_remaining_time_in_millis() > RESERVE_MS)
    for message_id, seconds in tries.again.items():
        deliveries().postpone(records[message_id]["receiptHandle"], seconds)
    logger.info(
        "deliveries tried",
        extra={"messages": len(records), "unreadable": len(unreadable), "counts": dict(tries.counts)},
    )
    return batch_failures([*tries.again, *unreadable])


def _read(records: dict[str, Any]) -> tuple[list[Queued], list[str]]:
    """The deliveries, and the messages that are none and belong with the dead letters."""
    batch, unreadable = [], []
    for message_id, record in records.items():
        receives = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
        try:
            batch.append(Queued(message_id, receives, Delivery.from_text(record["body"])))
        except (ValueError, KeyError, TypeError):
            unreadable.append(message_id)
    return batch, unreadable
