"""How many steps a second the interpreter walks on one core, beside a program written for that one journey.

A step is one node that one person passes. The journey is the reference journey with a wait for an order: two of five
people order, so that all ways are walked. The floor is what nobody could be below in Python: the same journey as a
heap of due times and a few lines that know it by heart, which must send the same messages at the same times.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, TypeVar

from benchmarks.results import Report, Result
from services.journeys.domain.document import Document
from services.journeys.domain.interpreter import Interpreter
from services.journeys.domain.listening import listener_of
from services.journeys.domain.nodes import WaitFor
from services.shared.contracts.scoring import EventHeard, Heard, SegmentEntered, SegmentMove, Standing

PEOPLE = 2_000
ROUNDS = 7
LEAST = 2_000.0
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

T = TypeVar("T")

Message = tuple[datetime, str, str]
Input = tuple[datetime, SegmentEntered | EventHeard]

_FRAME: dict[str, Any] = {
    "name": "reference",
    "title": "Two messages, unless there is no need",
    "objective": "welcome",
    "angle": "lifecycle",
    "portfolio": "base",
    "entry": {"on": [{"segment_entered": "in"}]},
    "start": "days",
}
_NODES: dict[str, Any] = {
    "days": {"type": "wait", "for": "P3D", "next": "first"},
    "first": {"type": "send", "template": "first", "channels": ["email"], "next": "ordered"},
    "ordered": {
        "type": "wait_for",
        "event": "Order Completed",
        "timeout": "P4D",
        "next": "thank",
        "otherwise": "check",
    },
    "check": {
        "type": "branch",
        "branches": [{"when": {"segment": "vip"}, "next": "done"}],
        "default": "second",
    },
    "second": {"type": "send", "template": "second", "channels": ["email"], "next": "done"},
    "thank": {"type": "send", "template": "thank", "channels": ["email"], "next": "done"},
    "done": {"type": "exit", "reason": "done"},
}


def run(report: Report) -> list[Result]:
    """Steps a second of CPU time, and those of the floor."""
    document = Document.model_validate({**_FRAME, "nodes": _NODES})
    told = inputs(document)
    taken: dict[str, list[float]] = {"interpreter": [], "plain": []}
    for turn in range(ROUNDS):
        report("walking", turn / ROUNDS)
        seconds, (steps, asked) = _timed(lambda: interpreted(document, told))
        taken["interpreter"].append(steps / seconds)
        seconds, messages = _timed(lambda: plain(told))
        taken["plain"].append(steps / seconds)
        if asked != messages:
            raise AssertionError("the two do not send the same")
    return [
        Result(
            "interpreter_steps_per_second",
            median(taken["interpreter"]),
            "nodes passed a second and core",
            {"a program written for this journey": median(taken["plain"])},
            budget=LEAST,
            more_is_better=True,
        )
    ]


def inputs(document: Document) -> list[Input]:
    """Everybody begins within an hour; two of five order on the fifth day."""
    node = document.nodes["ordered"]
    assert isinstance(node, WaitFor)
    listener, found = listener_of(node).name, list[Input]()
    for number in range(PEOPLE):
        profile, at = f"prf_{number}", BEGIN + timedelta(seconds=number * 3600 // PEOPLE)
        standing = Standing(profile_id=profile, version=1, at=at, segments=["in"])
        found.append((at, SegmentEntered(moves=[SegmentMove(segment="in", at=at, standing=standing)])))
        if number % 5 < 2:
            later = standing.model_copy(update={"version": 2})
            heard = Heard(listener=listener, message_id=profile, at=at + 5 * DAY, standing=later)
            found.append((at + 5 * DAY, EventHeard(heard=[heard])))
    return sorted(found, key=lambda one: one[0])


def interpreted(document: Document, told: list[Input]) -> tuple[int, list[Message]]:
    """Nodes passed, and the messages."""
    interpreter = Interpreter(document, BEGIN)
    for now, fact in told:
        interpreter.take(fact, now)
    interpreter.run_until(BEGIN + 30 * DAY)
    asked = [
        (step.at, step.profile, step.detail.split()[0]) for step in interpreter.trace if step.what == "asked"
    ]
    return interpreter.steps, sorted(asked)


def plain(told: list[Input]) -> list[Message]:
    """The same messages, by a program that knows the journey by heart."""
    calendar: list[tuple[datetime, str, str]] = []
    standing_at: dict[str, str] = {}
    messages: list[Message] = []

    def until(now: datetime) -> None:
        while calendar and calendar[0][0] < now:
            due, profile, node = heapq.heappop(calendar)
            if standing_at.get(profile) != node:
                continue
            if node == "days":
                messages.append((due, profile, "first"))
                standing_at[profile] = "ordered"
                heapq.heappush(calendar, (due + 4 * DAY, profile, "ordered"))
            else:
                messages.append((due, profile, "second" if node == "ordered" else "thank"))
                del standing_at[profile]

    for now, fact in told:
        until(now)
        border = BEGIN - (BEGIN - now) // MINUTE * MINUTE
        if isinstance(fact, SegmentEntered):
            profile = fact.moves[0].standing.profile_id
            standing_at[profile] = "days"
            heapq.heappush(calendar, (border + 3 * DAY, profile, "days"))
        else:
            profile = fact.heard[0].standing.profile_id
            if standing_at.get(profile) == "ordered":
                standing_at[profile] = "thank"
                heapq.heappush(calendar, (border, profile, "thank"))
    until(BEGIN + 30 * DAY)
    return sorted(messages)


def _timed(call: Callable[[], T]) -> tuple[float, T]:
    began = time.process_time()
    answer = call()
    return time.process_time() - began, answer
