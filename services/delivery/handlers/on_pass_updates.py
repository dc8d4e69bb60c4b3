"""Tells the issuer of wallet passes what they are to show."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.delivery.bootstrap import work as bootstrap
from services.shared.aws.records import each_record, envelope
from services.shared.contracts.delivery import PassUpdateRequested
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Tell every update of a batch; a record fails when one of its updates must be told again."""
    telling = bootstrap.telling()
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def tell(record: Any) -> None:
        for update in PassUpdateRequested.model_validate(envelope(record).detail).updates:
            counts[telling.tell(update)] += 1

    answer = each_record(event, tell, failed)
    logger.info("pass updates told", extra={"counts": dict(counts)})
    return answer
