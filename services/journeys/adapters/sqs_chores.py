"""The queue of chores."""

from __future__ import annotations

from collections.abc import Sequence

from services.journeys.ports.running import Chore
from services.shared.aws.clients import client


class SqsChores:
    """`ports.running.Chores`. SQS may deliver one twice: chores bring about what is wanted, so again is the same."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, chores: Sequence[Chore]) -> None:
        for chore in chores:
            client("sqs").send_message(QueueUrl=self._url, MessageBody=chore.model_dump_json())
