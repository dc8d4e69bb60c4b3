"""Imports as a test makes them: files, the marketers' routes and the worker."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from services.ingest.adapters.dynamo_sources import DynamoSources
from services.ingest.adapters.lake_function import LakeFunction
from services.ingest.bootstrap import imports as bootstrap
from services.ingest.domain.sources import Source, SourceDocument
from services.ingest.imports import desk as import_desk
from services.ingest.ports import Registration
from services.shared.aws.clients import client
from services.shared.aws.dynamo import Table
from tests.integration.ingest.conftest import NOW, World, _call

BUCKET = "halte-lake"
CONTACTS = "contact-csv"


class Context:
    """A Lambda whose time is up when the test says so."""

    def __init__(self, has_time: Callable[[], bool] = lambda: True) -> None:
        self._has_time = has_time

    def get_remaining_time_in_millis(self) -> int:
        return 600_000 if self._has_time() else 0


class Importer:
    """What a test does to imports."""

    def __init__(self, world: World, queue_url: str, marked: list[str]) -> None:
        self.world = world
        self.queue_url = queue_url
        self.marked = marked

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        from services.ingest.handlers import imports as handler

        raw = json.dumps(body).encode() if body is not None else b""
        return _call(handler, method, path, raw, {})

    def upload(self, text: str | bytes, name: str = "people.csv") -> str:
        body = text.encode() if isinstance(text, str) else text
        client("s3").put_object(Bucket=BUCKET, Key=f"imports/{name}", Body=body)
        return f"s3://{BUCKET}/imports/{name}"

    def create(self, text: str | bytes, **fields: Any) -> str:
        body = {"source": "crm", "format": "csv", "mapping": CONTACTS, "s3_uri": self.upload(text), **fields}
        status, answer = self.call("POST", "/imports", body)
        assert status == 202, answer
        return str(answer["id"])

    def records(self) -> list[dict[str, Any]]:
        found = client("sqs").receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        records = []
        for message in found.get("Messages", []):
            records.append({"messageId": message["MessageId"], "body": message["Body"]})
            client("sqs").delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return records

    def work(self, context: Context | None = None) -> int:
        """Let the worker run until no job waits; how many invocations that took."""
        from services.ingest.handlers import on_imports

        runs = 0
        while records := self.records():
            for record in records:
                runs += 1
                answer = on_imports.handler({"Records": [record]}, context or Context())
                assert answer == {"batchItemFailures": []}
        return runs

    def run(self, text: str | bytes, **fields: Any) -> dict[str, Any]:
        job_id = self.create(text, **fields)
        self.work()
        return self.call("GET", f"/imports/{job_id}")[1]

    def report(self, job: dict[str, Any]) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = []
        for url in job["reports"]:
            key = url.split("?")[0].partition("/imports/")[2]
            text = client("s3").get_object(Bucket=BUCKET, Key=f"imports/{key}")["Body"].read().decode()
            rows += csv.DictReader(io.StringIO(text))
        return rows


def open_importer(world: World, monkeypatch: pytest.MonkeyPatch) -> Importer:
    """With a registered source `crm`, and a quiet time of nothing."""
    marked: list[str] = []
    makers = (bootstrap.import_desk, bootstrap.import_worker, bootstrap.import_queue)
    for make in makers:
        make.cache_clear()
    queue_url = client("sqs").create_queue(QueueName="imports")["QueueUrl"]
    monkeypatch.setenv("COMPACT_FUNCTION", "compact")
    monkeypatch.setenv("IMPORTS_URL", queue_url)
    monkeypatch.setattr(LakeFunction, "roll_back", lambda self, receipts: marked.append(receipts))
    monkeypatch.setattr(import_desk, "QUIET_SECONDS", 0)
    source = Source("crm", SourceDocument(name="CRM", kind="crm", region="NL"), NOW)
    DynamoSources(Table("Sources")).save(Registration(source, (), 1), None)
    return Importer(world, queue_url, marked)
