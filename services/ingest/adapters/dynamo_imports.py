"""Import jobs in DynamoDB, and the queue by which they reach a worker."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from services.ingest.domain.imports import TAKEN_BACK, Definition, Fault, Job, job_of
from services.ingest.lake.ports import StaleImport
from services.shared.aws.clients import client
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.clock import from_iso, to_iso

_TIMES = ("created_at", "completed_at")
_FAULTS = ("first_faults", "first_exceptions")


class DynamoImports:
    """Port `Imports`: one item a job, `job` its JSON text."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, job: Job) -> None:
        self._table.put(_item(job), condition="attribute_not_exists(job_id)")

    def get(self, job_id: str) -> Job | None:
        item = self._table.get({"job_id": job_id}, consistent=True)
        return _job(item) if item else None

    def save(self, job: Job) -> None:
        try:
            self._table.put(_item(job), condition="version = :before", values={":before": job.version - 1})
        except ConditionFailed as refused:
            # A lost answer makes the SDK repeat the put, which then fails against itself.
            if refused.item != _item(job):
                raise StaleImport from refused


class SqsImports:
    """Port `ImportQueue`."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, job_id: str, delay: int = 0) -> None:
        client("sqs").send_message(QueueUrl=self._url, MessageBody=job_id, DelaySeconds=delay)


class TakenBack:
    """Says of an import's event whether its job was taken back; asks once a job and batch."""

    def __init__(self, imports: DynamoImports) -> None:
        self._imports = imports

    def __call__(self, receipts: Iterable[str]) -> set[str]:
        """Those of `receipts` that count no more."""
        by_job: dict[str, set[str]] = {}
        for receipt in receipts:
            by_job.setdefault(job_of(receipt), set()).add(receipt)
        jobs = {job_id: self._imports.get(job_id) for job_id in by_job}
        gone = {job_id for job_id, job in jobs.items() if job is None or job.status in TAKEN_BACK}
        return {receipt for job_id in gone for receipt in by_job[job_id]}


def _item(job: Job) -> Item:
    fields: dict[str, Any] = asdict(job) | {
        "definition": job.definition.model_dump(mode="json", by_alias=True, exclude_unset=True)
    }
    fields |= {name: to_iso(fields[name]) if fields[name] else None for name in _TIMES}
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return {"job_id": job.job_id, "version": job.version, "job": text}


def _job(item: Item) -> Job:
    fields = json.loads(item["job"])
    fields |= {name: from_iso(fields[name]) if fields[name] else None for name in _TIMES}
    fields |= {name: tuple(Fault(**fault) for fault in fields[name]) for name in _FAULTS}
    fields["broken"] = Fault(**fields["broken"]) if fields["broken"] else None
    fields["definition"] = Definition.model_validate(fields["definition"])
    return Job(**fields)
