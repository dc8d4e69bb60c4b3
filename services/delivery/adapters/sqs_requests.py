"""The queue of requests."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from services.shared.aws.clients import client
from services.shared.aws.queues import postpone


def let_come_again(record: Mapping[str, Any], seconds: int) -> None:
    """Let a record that Lambda handed over, and that is to fail, come again after `seconds`."""
    postpone(_url(record["eventSourceARN"]), record["receiptHandle"], seconds)


@cache
def _url(queue_arn: str) -> str:
    name = queue_arn.rpartition(":")[2]
    return str(client("sqs").get_queue_url(QueueName=name)["QueueUrl"])
