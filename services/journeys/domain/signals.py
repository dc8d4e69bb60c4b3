"""What a document listens to, by name, and its conditions as they are judged here: worked out once a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from services.journeys.domain.document import Document
from services.journeys.domain.entries import (
    Becomes,
    DateWay,
    EventWay,
    ExitOnSegment,
    ExitWhen,
    GoalWhen,
    SegmentEntered,
    SegmentExited,
)
from services.journeys.domain.listening import date_condition, listener_of, localised, watch_of
from services.journeys.domain.nodes import Branch, Survey, WaitFor
from services.shared.conditions import Condition, parse

GOAL = "goal"
LATE_GOAL = "goal_late"


def segment_left(segment: str) -> str:
    """The signal (and the reason) that somebody left a segment."""
    return f"segment_exited:{segment}"


@dataclass(frozen=True)
class Ending:
    """A signal that ends walks, and why; `keyed`: those of its own matter only."""

    signal: str
    reason: str
    keyed: bool


@dataclass(frozen=True)
class Signals:
    """`entries`: signals that let in, and whether they bring a key; `waits`: what each wait_for
    and survey waits for, and whether it is of the walk's own matter; `endings` in the order they are looked at;
    `arms` the conditions of each branch, `guard` that of entering."""

    entries: Mapping[str, bool]
    waits: Mapping[str, tuple[str, bool]]
    endings: tuple[Ending, ...]
    arms: Mapping[str, tuple[tuple[Condition, str], ...]]
    guard: Condition | None


class _Same:
    """A document as a key: itself, not what it says."""

    __slots__ = ("document",)

    def __init__(self, document: Document) -> None:
        self.document = document

    def __hash__(self) -> int:
        return id(self.document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.document is self.document


def signals_of(document: Document) -> Signals:
    """What a document listens to."""
    return _signals(_Same(document))


@lru_cache(maxsize=1000)
def _signals(key: _Same) -> Signals:
    document = key.document
    guard = document.entry.when
    return Signals(
        _entries(document),
        _waits(document),
        tuple(_endings(document)),
        {
            node_id: tuple((parse(localised(arm.when)), arm.next) for arm in node.branches)
            for node_id, node in document.of_type(Branch)
        },
        parse(localised(guard)) if guard else None,
    )


def _entries(document: Document) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for way in document.entry.on:
        if isinstance(way, EventWay):
            found[listener_of(way, way.keep).name] = way.key is not None
        elif isinstance(way, SegmentEntered):
            found[way.segment_entered] = False
        elif isinstance(way, SegmentExited):
            found[segment_left(way.segment_exited)] = False
        elif isinstance(way, Becomes):
            found[watch_of(way.becomes)] = False
        elif isinstance(way, DateWay):
            found[watch_of(date_condition(way))] = False
    return found


def _waits(document: Document) -> dict[str, tuple[str, bool]]:
    found = {}
    for node_id, node in document.of_type(WaitFor):
        signal = watch_of(node.when) if node.when else listener_of(node).name
        found[node_id] = (signal, node.key is not None)
    for node_id, survey in document.of_type(Survey):
        found[node_id] = (listener_of(survey).name, False)
    return found


def _endings(document: Document) -> Iterator[Ending]:
    goal = document.goal
    if isinstance(goal, GoalWhen):
        yield Ending(watch_of(goal.when), GOAL, False)
    elif goal is not None:
        yield Ending(listener_of(goal).name, GOAL, goal.key is not None)
    for rule in document.exit_on:
        if isinstance(rule, ExitOnSegment):
            signal = segment_left(rule.segment_exited)
            yield Ending(signal, signal, False)
        elif isinstance(rule, ExitWhen):
            yield Ending(watch_of(rule.when), rule.reason, False)
        else:
            reason = rule.reason or f"event:{rule.event}"
            yield Ending(listener_of(rule).name, reason, rule.key is not None)
