"""The intake queue."""

from __future__ import annotations

from services.shared.aws.clients import client
from services.shared.aws.queues import postpone


class SqsIntake:
    """Port `IntakeQueue`."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, body: str, *, delay_seconds: int = 0) -> None:
        client("sqs").send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=delay_seconds)

    def postpone(self, receipt_handle: str, seconds: int) -> None:
        """Let a message that was received, and is not acknowledged, come again after `seconds`."""
        postpone(self._url, receipt_handle, seconds)
