"""The queue of erasures."""

from __future__ import annotations

import json

from services.shared.aws.clients import client


class SqsErasures:
    """Port `ErasureQueue`; a message names an erasure and nothing else."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, erasure_id: str, *, delay_seconds: int = 0) -> None:
        body = json.dumps({"erasure_id": erasure_id})
        client("sqs").send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=delay_seconds)
