"""Imports: what somebody asks for, what each row of the file becomes, and how far the work is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.ingest.domain.history import TraitKind
from services.ingest.domain.identifiers import EMAIL
from services.ingest.domain.mapping import RowRefused, SourceMapping, events_of
from services.ingest.domain.rows import Format, Row
from services.ingest.domain.validate import Call, Trust, validate
from services.shared.clock import to_iso
from services.shared.errors import HalteError

Status = Literal["CREATED", "PROCESSING", "COMPLETED", "FAILED", "ROLLING_BACK", "ROLLED_BACK"]

TAKEN_BACK: frozenset[Status] = frozenset({"ROLLING_BACK", "ROLLED_BACK"})
"""In these the events of a job count no more, however late they arrive."""

SHOWN = 100
"""Failures and exceptions a job tells by itself; the report has all."""

MESSAGE_BYTES = 200_000
"""Of a queue message; SQS takes 256 KB."""

NO_EMAIL = "no_email"
"""Exception: the list's policy wants an e-mail address of everybody, and the row has none that is one."""


class Policy(BaseModel):
    """What the list asks of its rows beside being events. Rows that miss it are exceptions: listed, not imported."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email_required: bool = False


class Definition(BaseModel):
    """What to import: `s3_uri` of a file (absent: an upload URL is given), whose rows `mapping` (a document, or the
    name of one that ships; default: the source's own) turns into events of `source`. Without any mapping, rows are
    Segment messages. `kind` is how the rows' traits are known. A dry run changes nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(min_length=1, max_length=63)
    format: Format
    s3_uri: str | None = Field(default=None, max_length=1100)
    mapping: SourceMapping | str | None = None
    kind: TraitKind = "imported"
    dry_run: bool = False
    policy: Policy = Policy()


@dataclass(frozen=True)
class Fault:
    """What is wrong with a row: the rule it breaks (a code), and the field where there is one."""

    row: int
    code: str
    field: str = ""
    message: str = ""

    def shown(self) -> dict[str, Any]:
        """As a job tells it."""
        return {"row": self.row, "field": self.field, "code": self.code, "message": self.message}


@dataclass(frozen=True)
class Judged:
    """A row as events with the calls in them; or a fault; or an exception to the list's policy."""

    number: int
    events: tuple[dict[str, Any], ...] = ()
    calls: tuple[Call, ...] = ()
    fault: Fault | None = None
    exception: Fault | None = None


@dataclass(frozen=True)
class Job:
    """An import and how far it is. `rows` are behind us, `pieces` the portions they came in; `version` grows with
    each change. `plan` is what a dry run found out, `undone` the rows that were taken back."""

    job_id: str
    definition: Definition
    file: str
    created_at: datetime
    status: Status = "CREATED"
    completed_at: datetime | None = None
    rows: int = 0
    pieces: int = 0
    events: int = 0
    faults: int = 0
    exceptions: int = 0
    first_faults: tuple[Fault, ...] = ()
    first_exceptions: tuple[Fault, ...] = ()
    broken: Fault | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)
    undone: int = 0
    version: int = 1

    @property
    def receipts(self) -> str:
        """What the receipts of its events begin with."""
        return f"imp-{self.job_id}-"

    def started(self) -> Job:
        """Its file is there."""
        return replace(self, status="PROCESSING", version=self.version + 1)

    def rolling_back(self) -> Job:
        """Nothing more of it counts, and what did is being taken back."""
        return replace(self, status="ROLLING_BACK", undone=0, version=self.version + 1)

    def taken_back(self, rows: int, now: datetime | None = None) -> Job:
        """After some rows were taken back; `now`: they were the last."""
        status: Status = "ROLLED_BACK" if now else "ROLLING_BACK"
        return replace(
            self, undone=rows, status=status, completed_at=now or self.completed_at, version=self.version + 1
        )

    def rewound(self) -> Job:
        """Before the first row."""
        return Job(
            self.job_id, self.definition, self.file, self.created_at, self.status, version=self.version
        )

    def planned(self, plan: Mapping[str, Any], version: int) -> Job:
        """With what a dry run found out, as one change of `version`."""
        return replace(self, plan=plan, version=version)

    def advanced(self, judged: Sequence[Judged]) -> Job:
        """After a portion of rows."""
        faults = [one.fault for one in judged if one.fault]
        exceptions = [one.exception for one in judged if one.exception]
        return replace(
            self,
            rows=judged[-1].number if judged else self.rows,
            pieces=self.pieces + 1,
            events=self.events + sum(len(one.events) for one in judged),
            faults=self.faults + len(faults),
            exceptions=self.exceptions + len(exceptions),
            first_faults=(*self.first_faults, *faults)[:SHOWN],
            first_exceptions=(*self.first_exceptions, *exceptions)[:SHOWN],
            version=self.version + 1,
        )

    def ended(self, now: datetime, broken: Fault | None = None) -> Job:
        """Completed, or failed because the file is `broken`."""
        return replace(
            self,
            status="FAILED" if broken else "COMPLETED",
            broken=broken,
            completed_at=now,
            version=self.version + 1,
        )

    def shown(self) -> dict[str, Any]:
        """As the API answers: the fields of Amazon Pinpoint's import jobs, and ours."""
        return {
            "id": self.job_id,
            "type": "IMPORT",
            "job_status": self.status,
            "total_pieces": self.pieces if self.completed_at else None,
            "completed_pieces": self.pieces,
            "failed_pieces": 1 if self.broken else 0,
            "total_processed": self.rows,
            "total_failures": self.faults,
            "failures": [fault.shown() for fault in self.first_faults],
            "creation_date": to_iso(self.created_at),
            "completion_date": to_iso(self.completed_at) if self.completed_at else None,
            "definition": self.definition.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "events": self.events,
            **({"rolled_back_rows": self.undone} if self.status in TAKEN_BACK else {}),
            "total_exceptions": self.exceptions,
            "exceptions": [one.shown() for one in self.first_exceptions],
            **({"broken": self.broken.shown()} if self.broken else {}),
            **({"plan": dict(self.plan)} if self.definition.dry_run and self.completed_at else {}),
        }


def judge(row: Row, job: Job, mapping: SourceMapping | None, region: str = "") -> Judged:
    """What becomes of a row. All of its events must be good, or none is taken."""
    if row.fault:
        return Judged(row.number, fault=Fault(row.number, row.fault, row.field))
    try:
        events = [row.value] if mapping is None else events_of(mapping, row.value)
        calls = [
            validate(
                event,
                received_at=job.created_at,
                message_id=receipt_of(job, row.number, index),
                trust=Trust(trusted=True, region=region),
            )
            for index, event in enumerate(events)
        ]
    except HalteError as refusal:
        where = refusal.field if isinstance(refusal, RowRefused) else ""
        return Judged(row.number, fault=Fault(row.number, refusal.code, where, refusal.message))
    if job.definition.policy.email_required and not any(_names_email(call) for call in calls):
        return Judged(row.number, exception=Fault(row.number, NO_EMAIL, "traits.email"))
    return Judged(row.number, tuple(events), tuple(calls))


def _names_email(call: Call) -> bool:
    return any(identifier.kind == EMAIL for identifier in call.identifiers)


def receipt_of(job: Job, row: int, index: int) -> str:
    """The receipt of a row's event: the same whenever the row is worked through."""
    return f"{job.receipts}{row}" + (f".{index}" if index else "")


def job_of(receipt: str) -> str:
    """The id of the job an import's receipt belongs to."""
    return receipt.split("-")[1]


def pack(job: Job, judged: Iterable[Judged], kind: str = "", region: str = "") -> list[str]:
    """Queue messages for the events of some rows, as few as a message's size allows."""
    head = {
        "door": "import",
        "source": job.definition.source,
        "kind": kind,
        "region": region,
        "trait_kind": job.definition.kind,
        "received_at": to_iso(job.created_at),
    }
    bodies: list[list[str]] = []
    size = MESSAGE_BYTES
    for one in judged:
        for index, event in enumerate(one.events):
            text = json.dumps([receipt_of(job, one.number, index), event], separators=(",", ":"))
            if size + len(text) > MESSAGE_BYTES:
                bodies.append([])
                size = 500
            bodies[-1].append(text)
            size += len(text) + 1
    return [f'{json.dumps(head)[:-1]}, "events": [{",".join(texts)}]}}' for texts in bodies]
