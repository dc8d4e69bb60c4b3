"""The same journey told the same by the engine (its handlers, on moto, state machines walked by `asl`) and by the
interpreter: who entered, was asked for what at which node, and left for which reason, each to the second."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import boto3

from services.journeys.domain.compiler import compile_document
from services.journeys.domain.document import Document
from services.journeys.domain.interpreter import Interpreter
from services.journeys.domain.traces import Step
from services.shared.aws.clients import client
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.base import Fact
from tests.integration.journeys.world import ROLE_ARN, STEP_ARN, World
from tests.support.asl import Execution

Told = tuple[datetime, Fact]
Row = tuple[datetime, str, str, str]
"""When, what, at which node, and what of it."""

Walks = list[tuple[str, tuple[Row, ...]]]
"""The profile and the rows of each walk, sorted."""

SECOND = timedelta(seconds=1)
LONG = timedelta(days=800)


class Stage:
    """A world with one journey, that takes facts at their time."""

    def __init__(self, world: World, raw: dict[str, Any]) -> None:
        self._world = world
        self._names: set[str] = set()
        self._fresh: list[Execution] = []
        self._running: list[Execution] = []
        self._entries: list[dict[str, Any]] = []
        self._definition = compile_document(Document.model_validate(raw), step_function_arn=STEP_ARN)
        self._publish(raw)
        hook = "provide-client-params.sfn.StartExecution"
        client("stepfunctions").meta.events.register(hook, self._note_start)

    def run(self, stream: Sequence[Told]) -> Walks:
        """Tell everything, let everything happen, and give what was announced."""
        clock = self._world.clock
        for now, fact in stream:
            self._run_until(now - SECOND)
            clock.advance(max(now - clock.now(), timedelta(0)))
            assert self._world.facts(fact) == []
            while self._fresh:  # what a fact began goes on at once
                self._adopt().run(clock.now(), self._world.invoke)
        self._run_until(clock.now() + LONG)
        return _announced(self._entries)

    def _run_until(self, at: datetime) -> None:
        clock = self._world.clock
        while True:
            while self._fresh:
                self._adopt()
            self._running = [one for one in self._running if one.status == "RUNNING"]
            upcoming = min((one.wake_at or clock.now() for one in self._running), default=None)
            if upcoming is None or upcoming > at:
                break
            clock.advance(max(upcoming - clock.now(), timedelta(0)))
            for execution in self._running:
                execution.run(clock.now(), self._world.invoke)
        clock.advance(max(at - clock.now(), timedelta(0)))
        self._entries += self._world.published()

    def _adopt(self) -> Execution:
        execution = self._fresh.pop(0)
        self._running.append(execution)
        return execution

    def _note_start(self, params: dict[str, Any], **_: Any) -> None:
        name = params["name"]
        if name not in self._names:
            self._names.add(name)
            machine, data = params["stateMachineArn"], json.loads(params["input"])
            now = self._world.clock.now()
            self._fresh.append(Execution(name, machine, self._definition, data, now))

    def _publish(self, raw: dict[str, Any]) -> None:
        """By the back door: what a document must say besides is none of the engine's business."""
        name = f"halte-test-{raw['name']}-v1"
        made = client("stepfunctions").create_state_machine(
            name=name, definition=json.dumps(self._definition), roleArn=ROLE_ARN
        )
        item = {
            "pk": raw["name"],
            "sk": "V#00001",
            "version": 1,
            "document": json.dumps(raw),
            "digest": "d",
            "state_machine_arn": made["stateMachineArn"],
            "published_at": to_iso(self._world.clock.now()),
        }
        boto3.resource("dynamodb").Table("definitions").put_item(Item=item)


def interpreted(raw: dict[str, Any], stream: Sequence[Told], begin: datetime) -> Walks:
    """What the interpreter makes of it."""
    interpreter = Interpreter(Document.model_validate(raw), begin)
    for now, fact in stream:
        interpreter.take(fact, now)
    interpreter.run_until(interpreter.now + LONG)
    return _traced(interpreter.trace)


def _traced(trace: Iterable[Step]) -> Walks:
    numbers: Counter[tuple[str, str]] = Counter()
    walks: dict[tuple[str, str, int], list[Row]] = defaultdict(list)
    for step in trace:
        who = (step.profile, step.key)
        numbers[who] += step.what == "entered"
        if step.what in ("entered", "asked", "left"):
            node = step.node if step.what == "asked" else ""
            walks[*who, numbers[who]].append((step.at, step.what, node, step.detail))
    return _sorted((who[0], rows) for who, rows in walks.items())


_ROWS = {
    "MessageRequested.v1": ("requests", "requested_at"),
    "ProfileUpdateRequested.v1": ("updates", "at"),
    "JourneyTaskRequested.v1": ("tasks", "at"),
    "SinkCallRequested.v1": ("calls", "at"),
}


def _announced(entries: Iterable[dict[str, Any]]) -> Walks:
    walks: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for entry in entries:
        kind, detail = entry["detail-type"], entry["detail"]
        if kind in ("JourneyEntered.v1", "JourneyExited.v1"):
            what = "entered" if kind == "JourneyEntered.v1" else "left"
            for row in detail["enrolments"]:
                walks[row["profile_id"], row["enrolment_id"]].append(
                    (from_iso(row["at"]), what, "", row["reason"])
                )
        elif kind in _ROWS:
            rows, at = _ROWS[kind]
            for row in detail[rows]:
                walks[row["profile_id"], row["enrolment_id"]].append(
                    (from_iso(row[at]), "asked", row["node"], _asked(row))
                )
    return _sorted((who[0], rows) for who, rows in walks.items())


def _asked(row: dict[str, Any]) -> str:
    """As the interpreter says it."""
    if "template" in row:
        return f"{row['template']} by {', '.join(row['channels'])}"
    if "traits" in row:
        return "set " + ", ".join(f"{name}={value}" for name, value in sorted(row["traits"].items()))
    if "sink" in row:
        return f"tell {row['sink']}"
    return f"{row['kind']} by {row['owner']}: {row['title']}"


def _sorted(walks: Iterable[tuple[str, list[Row]]]) -> Walks:
    return sorted((profile, tuple(sorted(rows))) for profile, rows in walks)
