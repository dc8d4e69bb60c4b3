"""Notes what providers report through the feedback topic."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from services.delivery import bootstrap
from services.delivery.domain.feedback import Feedback, UnknownFeedback, read_feedback
from services.shared.aws.records import each_record
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Note every report of a batch; what nobody can read goes to the dead-letter queue."""
    noting = bootstrap.noting()
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def note(record: Any) -> None:
        counts[noting.note(_feedback(record))] += 1

    answer = each_record(event, note, failed)
    logger.info("feedback noted", extra={"counts": dict(counts)})
    return answer


def _feedback(record: Any) -> Feedback:
    """The provider's event in an SNS notification, or bare where raw delivery is switched on."""
    try:
        body = json.loads(record["body"])
        report = json.loads(body["Message"]) if body.get("Type") == "Notification" else body
        return read_feedback(report)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise UnknownFeedback("not a notification") from error
