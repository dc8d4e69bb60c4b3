"""Messages of SQS queues that are to come again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from services.shared.aws.clients import client

LONGEST_VISIBILITY = 43_200


def postpone(queue_url: str, receipt_handle: str, seconds: int) -> None:
    """Let a message that was received, and is not acknowledged, come again after `seconds` (12 hours at most) instead
    of after the time that the queue leaves to a worker which may have died."""
    client("sqs").change_message_visibility(
        QueueUrl=queue_url,
        ReceiptHandle=receipt_handle,
        VisibilityTimeout=min(seconds, LONGEST_VISIBILITY),
    )


def let_come_again(record: Mapping[str, Any], seconds: int) -> None:
    """The same of a record as Lambda hands it over."""
    postpone(_url(record["eventSourceARN"]), record["receiptHandle"], seconds)


@cache
def _url(queue_arn: str) -> str:
    name = queue_arn.rpartition(":")[2]
    return str(client("sqs").get_queue_url(QueueName=name)["QueueUrl"])
