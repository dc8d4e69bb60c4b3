"""Scoring under faults: what profiles did, a merge, time alone and an erasure end as if nothing had happened."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.events.models import EventsBackend

from infra.receives import RECEIVES
from services.shared.aws import parallel
from services.shared.clock import FixedClock
from services.shared.contracts.ingest import Merge
from tests.faults.conftest import Inline
from tests.faults.kinds import FAULTS, stale
from tests.faults.sweeping import SWEPT, can_happen
from tests.faults.sweeping import sweep as strike
from tests.faults.wire import Call, Crash, Wire, anywhere
from tests.integration.scoring import conftest as scoring
from tests.integration.scoring.conftest import aws, clock, no_past
from tests.support.cold_start import begin_anew
from tests.unit.scoring.builders import change, event, on, order

__all__ = ["aws", "clock", "no_past"]

ROUNDS = 6
START, LATER = on("1997-03-01"), on("1997-06-01")
SEGMENTS: dict[str, Any] = {
    "buyers": {"fact": "orders", "gte": 1},
    "idle": {"fact": "last_order_at", "older_than": "P90D"},
    "warm": {"score": "interest", "gte": 8},
    "unhappy": {"event": "Complaint Opened", "within": "P30D"},
}
MODEL = {"rules": [{"event": "Order Completed", "points": 10, "decay": {"half_life": "P30D"}}]}


@dataclass(frozen=True)
class Step:
    """What comes to scoring: messages, a question of ingest, or a time at which the sweep runs."""

    name: str
    records: tuple[dict[str, Any], ...] = ()
    erased: str = ""
    sweeps: bool = False


STEPS = (
    Step(
        "histories",
        (
            scoring.message("a", change(1, order("1997-02-01")), change(1, profile_id="prf_2")),
            scoring.message("b", change(2, order("1997-02-20"), event("Complaint Opened", "1997-02-21"))),
            scoring.message("c", change(1, order("1997-02-25"), profile_id="prf_3")),
        ),
    ),
    Step(
        "a merge",
        (
            scoring.merged("m", Merge(loser="prf_3", winner="prf_2", at=START)),
            scoring.message(
                "t",
                change(2, order("1997-02-25"), profile_id="prf_2").model_copy(update={"told_before": True}),
            ),
        ),
    ),
    Step("ninety days", sweeps=True),
    Step("an erasure", erased="prf_1"),
)


@dataclass
class Snapshot:
    """Where a step began."""

    tables: dict[str, Any]
    read_to: int
    told: list[dict[str, Any]]
    now: Any


@dataclass
class Desk:
    """Drives steps through scoring's handlers as queues, the table's stream and a schedule would."""

    wire: Wire
    clock: FixedClock
    told: list[dict[str, Any]] = field(default_factory=list)
    read_to: int = 0

    def walk(self, step: Step) -> None:
        """Everything that follows from a step."""
        if step.records:
            self.settle(list(step.records))
        if step.erased:
            self._insist(lambda: scoring.ask("erase", step.erased, at="1997-06-01"))
        if step.sweeps:
            self.clock.advance(LATER - self.clock.now())
            for _ in range(3):  # it comes every minute
                self._survived(scoring.sweep)
        self.publish()

    def settle(self, records: list[dict[str, Any]]) -> None:
        """Deliver messages until all are done, and the stream's records after each delivery."""
        for _ in range(ROUNDS):
            failed = self._survived(lambda records=records: scoring.deliver(*records))
            records = [one for one in records if failed is None or one["messageId"] in failed]
            self.publish()
            if not records:
                return
        raise AssertionError("messages never were done")

    def publish(self) -> None:
        """Deliver what the stream holds until the publisher has done it."""
        fresh = stream()[self.read_to :]
        self.read_to += len(fresh)
        if fresh:
            self._insist(lambda: scoring.publish(fresh) or True)

    def _insist(self, run: Callable[[], Any]) -> None:
        if not any(self._survived(run) is not None for _ in range(ROUNDS)):
            raise AssertionError("it never was done")

    def _survived(self, run: Callable[[], Any]) -> Any:
        """What a handler answers; `None` when it raised or died."""
        try:
            with self.wire.life():
                return run()
        except Crash:
            return None
        except Exception:
            if not self.wire.struck:  # nothing was done to it
                raise
            return None

    def snapshot(self) -> Snapshot:
        """Where it stands."""
        begin_anew()
        return Snapshot(copy.deepcopy(backend().tables), self.read_to, list(self.told), self.clock.now())

    def go_back(self, to: Snapshot) -> None:
        """Stand where it stood then; processes begin cold."""
        begin_anew()
        backend().tables = copy.deepcopy(to.tables)
        self.read_to, self.told[:] = to.read_to, to.told
        self.clock.advance(to.now - self.clock.now())

    def state(self) -> dict[str, Any]:
        """Standings, lists, and the moves and scores that others heard of, each once."""
        scanned = boto3.client("dynamodb").scan
        return {
            **{
                name: sorted(map(written, scanned(TableName=name)["Items"]))
                for name in ("standings", "places")
            },
            "told": sorted({str(row) for fact in self.told for row in rows(fact)}),
        }


def written(item: dict[str, Any]) -> str:
    """An item as text, the same for equal ones."""
    return json.dumps(item, sort_keys=True)


def backend() -> Any:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]


def stream() -> list[dict[str, Any]]:
    """All records of the standings' stream."""
    return [record.to_json() for record in backend().tables["standings"].stream_shard.items]


def rows(fact: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """What a fact says, with the version that makes it one."""
    for key in ("moves", "changes"):
        for row in fact["Detail"].get(key, ()):
            what = row.get("segment") or (row.get("model"), row.get("score"))
            standing = row["standing"]
            yield fact["DetailType"], standing["profile_id"], standing["version"], what, row.get("at")


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, wire: Wire, clock: FixedClock) -> Desk:
    """One call after the other; definitions have settled."""
    desk = Desk(wire, clock)
    put_events = EventsBackend.put_events

    def heard(self: EventsBackend, events: list[dict[str, Any]]) -> Any:
        desk.told += [{**one, "Detail": json.loads(one["Detail"])} for one in events]
        return put_events(self, events)

    monkeypatch.setattr(EventsBackend, "put_events", heard)
    monkeypatch.setattr(parallel, "_writers", Inline)
    clock.advance(START - timedelta(minutes=2) - clock.now())
    assert scoring.call("PUT", "/score-models/interest", MODEL)[0] == 200
    for name, condition in SEGMENTS.items():
        assert scoring.call("PUT", f"/segments/{name}", {"condition": condition})[0] == 200
    clock.advance(START - clock.now())
    scoring.sweep()
    return desk


@contextmanager
def as_then(then: Snapshot) -> Iterator[None]:
    present, backend().tables = backend().tables, then.tables
    try:
        yield
    finally:
        backend().tables = present


CALLS = {
    ("dynamodb", "BatchGetItem"),
    ("dynamodb", "BatchWriteItem"),
    ("dynamodb", "GetItem"),
    ("dynamodb", "PutItem"),
    ("dynamodb", "Query"),
    ("eventbridge", "PutEvents"),
}
"""What scoring calls; each of it is struck by every fault that can happen to it."""


def test_the_steps_lead_somewhere(desk: Desk) -> None:
    """Without faults: people enter, leave by time alone, are merged, and are forgotten."""
    for step in STEPS:
        desk.walk(step)
    heard = {(kind, who, what) for kind, who, _, what, _ in (row for fact in desk.told for row in rows(fact))}
    assert {("SegmentEntered.v1", f"prf_{n}", "buyers") for n in (1, 2, 3)} <= heard
    assert {("SegmentEntered.v1", f"prf_{n}", "idle") for n in (1, 2)} <= heard
    assert {("SegmentExited.v1", "prf_1", name) for name in ("unhappy", "warm")} <= heard
    assert not any("prf_1" in one or "prf_3" in one for one in desk.state()["places"] if '"at/' in one)


@pytest.mark.parametrize("name", SWEPT)
def test_it_ends_as_if_nothing_had_happened(desk: Desk, name: str) -> None:
    """F1, F5, F8, F9, F10, F11, F13 at every call; what fails comes again (F3, F4)."""
    struck = strike(desk, STEPS, FAULTS[name])
    assert struck.keys() == {call for call in CALLS if can_happen(FAULTS[name], *call)}


def test_reads_that_see_the_past_change_nothing(desk: Desk) -> None:
    """F41: every read that may be stale sees what stood as the step began, for as long as the step takes."""
    struck = 0
    for step in STEPS:
        begin = desk.snapshot()
        desk.walk(step)
        expected = desk.state()
        desk.go_back(begin)
        with desk.wire.watched(stale(lambda then=begin: as_then(then)), anywhere):
            desk.walk(step)
            struck += desk.wire.struck
        assert desk.state() == expected, step.name
    assert struck == len(STEPS)


def test_consumers_that_meet_at_the_hot_one_all_get_through(desk: Desk) -> None:
    """F37, F1: nine messages in ten are of one person, four workers get all of them at once, and an order counts once.
    Long before the queue would give messages up all are done."""
    count = 40
    batch = [
        scoring.message(
            f"m{n}",
            change(n + 1, order("1997-02-01"), profile_id="prf_hot" if n % 10 else f"prf_{n}"),
        )
        for n in range(count)
    ]
    for _ in range(RECEIVES):
        with desk.wire.watched(), ThreadPoolExecutor(4) as pool, desk.wire.life():
            failed = set().union(*pool.map(lambda part: scoring.deliver(*part), [batch[:20], batch[20:]] * 2))
        batch = [one for one in batch if one["messageId"] in failed]
        if not batch:
            break
    assert batch == []
    facts = scoring.call("GET", "/profiles/prf_hot/standing")[1]["facts"]
    assert facts["orders"] == count * 9 // 10
    assert scoring.call("GET", "/profiles/prf_10/standing")[1]["facts"]["orders"] == 1


def test_a_batch_costs_by_its_people_not_by_its_events(desk: Desk) -> None:
    """F37: a hundred messages about eleven people are one read of them all, eleven writes, and what is defined once;
    where there is no loyalty programme, that is seen once."""
    batch = [
        scoring.message(
            f"m{n}", change(n + 1, order("1997-02-01"), profile_id="prf_hot" if n % 10 else f"prf_{n}")
        )
        for n in range(100)
    ]
    with desk.wire.watched(), desk.wire.life():
        assert scoring.deliver(*batch) == []
    calls: list[Call] = desk.wire.calls
    assert [one.writes for one in calls if "standings" in one.tables()] == [False, *[True] * 11]
    defined = [one.request.body for one in calls if "definitions" in one.tables()]
    assert [one.writes for one in calls if "loyalty" in one.tables()] == [False]
    assert len(defined) == len(set(defined)) == len(calls) - 13
