"""Notes what providers report through the feedback topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from services.delivery.bootstrap import feedback as bootstrap
from services.delivery.domain.envelopes import reports_in
from services.delivery.domain.feedback import read_feedback
from services.delivery.handlers.come_again import come_again, is_last
from services.delivery.use_cases.note_feedback import UNKEPT
from services.shared.aws.records import each_record
from services.shared.observability import service_logger

logger = service_logger("delivery")


class NotKeptYet(Exception):
    """A report was quicker than the answer with which its message is kept."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Note every report of a batch; what nobody can read goes to the dead-letter queue. One of a message of which
    nothing is kept comes again for some minutes: it may be on its way, or was forgotten."""
    noting = bootstrap.noting()
    counts: Counter[str] = Counter()
    waiting: set[str] = set()

    def failed(error: Exception, message_id: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1
        if isinstance(error, NotKeptYet):
            waiting.add(message_id)

    def note(record: Mapping[str, Any]) -> None:
        kinds = Counter(noting.note(read_feedback(report)) for report in reports_in(record["body"]))
        if kinds[UNKEPT] and not is_last(record):
            raise NotKeptYet
        counts.update(kinds)

    answer = each_record(event, note, failed)
    come_again((record for record in event["Records"] if record["messageId"] in waiting), logger)
    logger.info("feedback noted", extra={"counts": dict(counts)})
    return answer
