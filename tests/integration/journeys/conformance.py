"""The same journey told the same by the engine (its handlers, on moto, state machines walked by `asl`) and by the
interpreter: who entered, was asked for what at which node, and left for which reason, each to the second."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import boto3

from services.journeys.bootstrap import walking as bootstrap
from services.journeys.domain.compiler import compile_document
from services.journeys.domain.document import Document
from services.journeys.domain.interpreter import Interpreter
from services.journeys.domain.traces import Step
from services.shared.aws.clients import client
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.base import Fact
from tests.integration.journeys.desk import Desk
from tests.integration.journeys.world import ROLE_ARN, STEP_ARN, World
from tests.support.asl import Execution

Wish = Literal["hold", "drop", "resume", "migrate"]
"""What marketers want of the journey: to pause it by a policy, to resume it, or to let all go over to a new version."""

Told = tuple[datetime, Fact | Wish]
Row = tuple[datetime, str, str, str]
"""When, what, at which node, and what of it."""

Walks = list[tuple[str, tuple[Row, ...]]]
"""The profile and the rows of each walk, sorted."""

SECOND = timedelta(seconds=1)
LONG = timedelta(days=800)


class Stage:
    """A world with one journey, that takes facts at their time, and wishes at its `desk`."""

    def __init__(self, world: World, raw: dict[str, Any], desk: Desk | None = None) -> None:
        self._world, self._raw, self._desk = world, raw, desk
        self._versions = 0
        self._names: set[str] = set()
        self._fresh: list[Execution] = []
        self._running: list[Execution] = []
        self._entries: list[dict[str, Any]] = []
        self._definition = compile_document(Document.model_validate(raw), step_function_arn=STEP_ARN)
        self._publish()
        hook = "provide-client-params.sfn.StartExecution"
        client("stepfunctions").meta.events.register(hook, self._note_start)

    def run(self, stream: Sequence[Told]) -> Walks:
        """Tell everything, let everything happen, and give what was announced."""
        clock = self._world.clock
        for now, told in stream:
            self._run_until(now - SECOND)
            clock.advance(max(now - clock.now(), timedelta(0)))
            if isinstance(told, Fact):
                assert self._world.facts(told) == []
            else:
                self._grant(told)
            while self._fresh:  # what a fact began goes on at once
                self._adopt().run(clock.now(), self._world.invoke)
        self._run_until(clock.now() + LONG)
        return announced(self._entries)

    def _grant(self, wish: Wish) -> None:
        assert self._desk, "who wants something needs a desk"
        bootstrap.reacting.cache_clear()  # entries look a few seconds back
        path = f"/journeys/{self._raw['name']}"
        if wish == "migrate":
            self._publish()
            over = {"from": self._versions - 1, "to": self._versions}
            self._desk.done("POST", f"{path}/migrate", over)
        elif wish == "resume":
            self._desk.done("POST", f"{path}/resume")
        else:
            self._desk.done("POST", f"{path}/pause", {"policy": wish})

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

    def _publish(self) -> None:
        """The next version, by the back door: what a document must say besides is none of the engine's business."""
        self._versions += 1
        raw, name = self._raw, f"halte-test-{self._raw['name']}-v{self._versions}"
        made = client("stepfunctions").create_state_machine(
            name=name, definition=json.dumps(self._definition), roleArn=ROLE_ARN
        )
        item = {
            "pk": raw["name"],
            "sk": f"V#{self._versions:05}",
            "version": self._versions,
            "document": json.dumps(raw),
            "digest": "d",
            "state_machine_arn": made["stateMachineArn"],
            "published_at": to_iso(self._world.clock.now()),
        }
        boto3.resource("dynamodb").Table("definitions").put_item(Item=item)


def interpreted(raw: dict[str, Any], stream: Sequence[Told], begin: datetime) -> Walks:
    """What the interpreter makes of it. To go over to a version that says the same changes nothing."""
    interpreter = Interpreter(Document.model_validate(raw), begin)
    for now, told in stream:
        if isinstance(told, Fact):
            interpreter.take(told, now)
        elif told == "resume":
            interpreter.resume(now)
        elif told != "migrate":
            interpreter.pause(now, told)
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


def announced(entries: Iterable[dict[str, Any]]) -> Walks:
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
