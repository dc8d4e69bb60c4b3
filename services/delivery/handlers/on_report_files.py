"""Notes what providers report by the file: SES through Firehose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from services.delivery.bootstrap import feedback as bootstrap
from services.shared.aws.records import each_record, envelope
from services.shared.observability import service_logger

logger = service_logger("delivery")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Note the file that each record (S3 tells of it on the account's bus) names; one that can't be read goes to the
    dead-letter queue."""
    files = bootstrap.noting_files()
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def note(record: Mapping[str, Any]) -> None:
        counts.update(files.note(str(envelope(record).detail["object"]["key"])))

    answer = each_record(event, note, failed)
    logger.info("files of feedback noted", extra={"counts": dict(counts)})
    return answer
