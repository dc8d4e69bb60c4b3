"""The queue of deliveries."""

from __future__ import annotations

from collections.abc import Sequence

from services.ingest.domain.sinks import Delivery
from services.shared.aws.clients import client
from services.shared.aws.queues import postpone


class SqsDeliveries:
    """Port `DeliveryQueue`. A delivery may be as large as a message, so each is sent by itself."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            client("sqs").send_message(QueueUrl=self._url, MessageBody=delivery.text())

    def postpone(self, receipt_handle: str, seconds: int) -> None:
        """Let a message that was received, and is not acknowledged, come again after `seconds`."""
        postpone(self._url, receipt_handle, seconds)
