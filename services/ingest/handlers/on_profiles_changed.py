"""Turns what happens to profiles into deliveries to sinks."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.ingest.bootstrap.sinks import forward
from services.shared.aws.records import each_record, envelope
from services.shared.observability import service_logger

logger = service_logger("ingest")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Queue a delivery per sink and portion; a repeated record repeats its deliveries under the same ids."""
    forwarding = forward()
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def one(record: Any) -> None:
        fact = envelope(record)
        counts["deliveries"] += forwarding.forward(fact.event_id, fact.detail_type, fact.detail)

    answer = each_record(event, one, failed)
    logger.info("changes forwarded", extra={"records": len(event["Records"]), "counts": dict(counts)})
    return answer
