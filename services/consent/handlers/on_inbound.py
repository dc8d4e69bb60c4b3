"""Takes messages that came in, from the topic where providers put them."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from services.consent.bootstrap.replies import replies
from services.consent.handlers.inbound import UnknownInbound, read_reply
from services.shared.aws.records import each_record
from services.shared.errors import Invalid
from services.shared.observability import service_logger

logger = service_logger("consent")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do what each reply of a batch says; what nobody can read goes to the dead-letter queue."""
    counts: Counter[str] = Counter()

    def failed(error: Exception, _: str) -> None:
        counts[f"error_{type(error).__name__}"] += 1

    def take(record: Any) -> None:
        reply = read_reply(_notice(record))
        try:
            counts[replies().take(reply) if reply else "not_a_person"] += 1
        except Invalid as refused:
            counts[refused.code] += 1

    answer = each_record(event, take, failed)
    logger.info("replies taken", extra={"records": len(event["Records"]), "counts": dict(counts)})
    return answer


def _notice(record: Any) -> dict[str, Any]:
    try:
        body = json.loads(record["body"])
        notice = json.loads(body["Message"])
    except (ValueError, TypeError, KeyError) as error:
        raise UnknownInbound("not a notification") from error
    if not isinstance(notice, dict):
        raise UnknownInbound("not a notification")
    return notice
