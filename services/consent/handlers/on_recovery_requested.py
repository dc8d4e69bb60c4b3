"""`Account Recovery Requested`, put on the bus by a system that may put events there, or sent with a secret key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from pydantic import ValidationError

from services.consent.bootstrap.permissions import recovery
from services.consent.recovery import Outcome
from services.shared.aws.records import each_record, envelope
from services.shared.contracts.ingest import RecoveryRequested
from services.shared.errors import Invalid
from services.shared.observability import service_logger

logger = service_logger("consent")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Ask for each message; an event that can't be understood would not be the next time either."""
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def count(request: Callable[[], Outcome]) -> None:
        try:
            counts[request()] += 1
        except (ValidationError, Invalid):
            counts["refused"] += 1

    def take(record: Any) -> None:
        sent = envelope(record)
        if sent.detail_type == RecoveryRequested.detail_type and sent.source == RecoveryRequested.source:
            for told in RecoveryRequested.model_validate(sent.detail).requests:
                count(partial(recovery().told, told))
        else:
            count(partial(recovery().request, sent.source, sent.event_id, sent.detail))

    answer = each_record(event, take, failed)
    logger.info("recoveries requested", extra={"records": len(event["Records"]), "counts": dict(counts)})
    return answer
