"""The intake queue."""

from __future__ import annotations

from services.shared.aws.clients import client


class SqsIntake:
    """Port `IntakeQueue`."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, body: str) -> None:
        client("sqs").send_message(QueueUrl=self._url, MessageBody=body)
