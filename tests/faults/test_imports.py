"""Every fault at the calls of the worker that goes through files: forward, back, and in rehearsal."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pytest

from services.ingest.bootstrap import imports as bootstrap
from services.ingest.handlers import on_imports
from services.ingest.imports import work as imports
from services.shared.aws import parallel
from tests.faults.conftest import Inline
from tests.faults.kinds import FAULTS
from tests.faults.memory import go_back, remember, survived
from tests.faults.road import start_cold
from tests.faults.sweeping import BESIDE, SWEPT, can_happen, sweep
from tests.faults.wire import Wire
from tests.integration.ingest.conftest import World
from tests.integration.ingest.importing import BUCKET, Context, Importer, open_importer
from tests.support.thorough import EXHAUSTIVE

ROUNDS = 40
HEADER = "user_id,email,first_name,updated_at\n"
AT = "2026-01-02T00:00:00Z"
FILE = f"{HEADER}u-1,p1@example.com,Ann,{AT}\nu-2,p2@example.com,Bo,{AT}\n,nobody,X,\nu-3,,Cy,{AT}\nu-4,,Di,{AT}\n"
KNOWN = {"userId": "u-1", "messageId": "m-1", "timestamp": "2026-01-01T00:00:00Z"}


@dataclass(frozen=True)
class Step:
    """What a marketer asks for."""

    name: str


FORWARD, BACK, REHEARSAL = Step("forward"), Step("back"), Step("rehearsal")


class Office:
    """A marketer, the worker, and whoever takes what the worker queues."""

    def __init__(self, importer: Importer, wire: Wire) -> None:
        self._importer, self._world, self.wire = importer, importer.world, wire
        self._job = ""

    def walk(self, step: Step) -> None:
        """Ask, and let the worker go on until no message is left: a portion an invocation, but for the rehearsal, of
        which there is but one. Others go on meanwhile."""
        if step == BACK:
            assert self._importer.call("POST", f"/imports/{self._job}/rollback")[0] == 202
        else:
            self._job = self._importer.create(FILE, dry_run=step == REHEARSAL)
        context = Context(lambda: step == REHEARSAL)
        records = self._importer.records()
        for _ in range(ROUNDS):
            if not records:
                return
            event = {"Records": records[:1]}
            answer = survived(self.wire, lambda event=event: on_imports.handler(event, context))
            done = answer == {"batchItemFailures": []}
            self._others_go_on()
            records = [*(records[1:] if done else records), *self._importer.records()]
        raise AssertionError("the job never was done")

    def _others_go_on(self) -> None:
        assert not self._world.consume(self._world.take())
        self._world.publish()

    def state(self) -> Any:
        """People, what became of each row, and what the job says; the job's id is drawn at random."""
        said: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for line in self._world.lake():
            said[self._nameless(line["receipt"])].add((line["disposition"], line["reason"]))
        job = self._importer.call("GET", f"/imports/{self._job}")[1]
        return {
            "people": {
                " ".join(sorted(f"{i['kind']}:{i['value']}" for i in one["identifiers"])): (
                    one["traits"],
                    one["counts"],
                )
                for one in self._world.profiles()
                if one["identifiers"]
            },
            "lake": dict(said),
            "job": {name: job.get(name) for name in ("job_status", *_TOTALS)},
            "report": self._importer.report(job) if job["reports"] else [],
            "marked": {self._nameless(receipts) for receipts in self._importer.marked},
        }

    def _nameless(self, receipt: str) -> str:
        return receipt.replace(self._job, "job")

    def snapshot(self) -> Any:
        cold()
        return remember(BUCKET), self._world.read_to, self._job, list(self._importer.marked)

    def go_back(self, to: Any) -> None:
        cold()
        held, self._world.read_to, self._job, marked = to
        go_back(held, BUCKET)
        self._importer.marked[:] = marked
        self._world.take()
        self._importer.records()


_TOTALS = ("total_processed", "events", "total_failures", "rolled_back_rows", "plan")


def cold() -> None:
    """What comes next is done by processes that begin anew."""
    start_cold()
    for made in (bootstrap.import_worker, bootstrap.import_desk, bootstrap.import_queue):
        made.cache_clear()


@pytest.fixture
def office(wire: Wire, world: World, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Of somebody the file speaks of something is known."""
    monkeypatch.setattr(parallel, "_writers", Inline)
    monkeypatch.setattr(imports, "PORTION", 2)
    made = Office(open_importer(world, monkeypatch), wire)
    world.post("/v1/identify", {**KNOWN, "traits": {"city": "Gent", "firstName": "Anna"}})
    world.consume()
    world.publish()
    return made


CALLS = {
    ("dynamodb", "BatchGetItem"),
    ("dynamodb", "BatchWriteItem"),
    ("dynamodb", "GetItem"),
    ("dynamodb", "PutItem"),
    ("dynamodb", "Query"),
    ("dynamodb", "TransactWriteItems"),
    ("s3", "GetObject"),
    ("s3", "PutObject"),
    ("sqs", "SendMessage"),
}
"""What must be struck where it can be."""

LEAST = {
    "crash before": 18,
    "crash after": 25,
    "answer lost": 9,
    "every answer lost": 25,
    "connection lost": 18,
    "throttled twice": 9,
    "throttled": 9,
    "conflict": 13,
    "mismatch": 4,
    "partial": 30,
}
"""How many places are struck, at least."""


@BESIDE
@pytest.mark.parametrize("name", SWEPT)
def test_files_are_done_as_if_nothing_had_happened(office: Office, name: str) -> None:
    """F5, F6, F8, F9, F10, F11, F12, F13; what fails comes again (F4)."""
    struck = sweep(office, (FORWARD, BACK, REHEARSAL), FAULTS[name])
    assert struck.total() >= LEAST[name] or not EXHAUSTIVE
    assert struck.keys() == {call for call in CALLS if can_happen(FAULTS[name], *call)}
