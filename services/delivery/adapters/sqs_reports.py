"""Reports of our own on the queue that providers' reports are on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from services.shared.aws.clients import client


class SqsReports:
    """The queue at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url

    def put(self, report: Mapping[str, Any], wait: timedelta = timedelta(0)) -> None:
        client("sqs").send_message(
            QueueUrl=self._url, MessageBody=json.dumps(report), DelaySeconds=int(wait.total_seconds())
        )
