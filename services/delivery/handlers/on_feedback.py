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

SES_GREETING = "Successfully validated SNS topic for Amazon SES event publishing."
"""What SES writes to a topic when it becomes an event destination: no report, in no JSON."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Note every report of a batch; what nobody can read goes to the dead-letter queue."""
    noting = bootstrap.noting()
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def note(record: Any) -> None:
        feedback = _feedback(record)
        counts[noting.note(feedback) if feedback else "foreign"] += 1

    answer = each_record(event, note, failed)
    logger.info("feedback noted", extra={"counts": dict(counts)})
    return answer


def _feedback(record: Any) -> Feedback | None:
    """The provider's event in an SNS notification, or bare where raw delivery is switched on; `None`: a greeting."""
    try:
        body = json.loads(record["body"])
        wrapped = body.get("Type") == "Notification"
        if wrapped and body["Message"] == SES_GREETING:
            return None
        report = json.loads(body["Message"]) if wrapped else body
        return read_feedback(report)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise UnknownFeedback("not a notification") from error
