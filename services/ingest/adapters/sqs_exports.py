"""The queue of large exports."""

from __future__ import annotations

import json

from services.ingest.domain.export import ExportJob
from services.shared.aws.clients import client


class SqsExports:
    """Port `ExportQueue`; a message names a job and nothing else."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, job: ExportJob, *, delay_seconds: int = 0) -> None:
        body = json.dumps({"profile_id": job.profile_id, "export_id": job.export_id})
        client("sqs").send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=delay_seconds)
