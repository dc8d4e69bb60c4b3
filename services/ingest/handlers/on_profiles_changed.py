"""Turns what happens to profiles into deliveries to sinks, and heeds what others ask for."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.ingest.bootstrap.sinks import asked_for, forward
from services.shared.aws.records import each_record, envelope
from services.shared.contracts.scoring import ArrivalsAskedFor
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
        if fact.detail_type == ArrivalsAskedFor.detail_type:
            for said in ArrivalsAskedFor.model_validate(fact.detail).asked:
                asked_for().ask(said.names, said.order)
            return
        counts["deliveries"] += forwarding.forward(fact.event_id, fact.detail_type, fact.detail)

    answer = each_record(event, one, failed)
    logger.info("changes forwarded", extra={"records": len(event["Records"]), "counts": dict(counts)})
    return answer
