"""The queue of parts of runs that are to be gone on with."""

from __future__ import annotations

from collections.abc import Sequence

from services.journeys.ports.planning import Chore
from services.shared.aws.clients import client


class SqsRuns:
    """`ports.planning.Chores`. SQS may deliver one twice: whoever comes second finds that the other was there."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, chores: Sequence[Chore]) -> None:
        for chore in chores:
            client("sqs").send_message(QueueUrl=self._url, MessageBody=chore.model_dump_json())
