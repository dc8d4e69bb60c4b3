"""What a document listens to, by name, and its conditions as they are judged here: worked out once a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from services.journeys.domain.document import Document
from services.journeys.domain.ends import ExitOnSegment, ExitWhen, GoalWhen
from services.journeys.domain.entries import Becomes, Called, CellWay, DateWay, EventWay, StageWay
from services.journeys.domain.entries import SegmentEntered as EntersSegment
from services.journeys.domain.entries import SegmentExited as LeavesSegment
from services.journeys.domain.listening import date_condition, listener_of, localised, watch_of
from services.journeys.domain.nodes import Branch, Survey, WaitFor
from services.shared.conditions import Condition, parse
from services.shared.contracts.base import Fact
from services.shared.contracts.scoring import (
    EventHeard,
    Firing,
    Heard,
    ScoreChanged,
    SegmentEntered,
    SegmentExited,
    SegmentMove,
    StageChanged,
    Standing,
    StrategyCellChanged,
    StrategyMove,
    TriggerFired,
)

GOAL = "goal"
LATE_GOAL = "goal_late"


def segment_left(segment: str) -> str:
    """The signal (and the reason) that somebody left a segment."""
    return f"segment_exited:{segment}"


def stage_reached(lifecycle: str, stage: str, before: str | None = None) -> str:
    """The signal that somebody came to a stage of a lifecycle (out of another)."""
    return f"stage:{lifecycle}:{stage}" + ("" if before is None else f":{before}")


def cell_reached(strategy: str, cell: str) -> str:
    """The signal that somebody came into a cell of a contact strategy."""
    return f"cell:{strategy}:{cell}"


def called(journey: str) -> str:
    """The signal that a journey is called for somebody."""
    return f"called:{journey}"


@dataclass(frozen=True)
class Told:
    """One signal of `at` about the person of `standing`; an `event` has its key and what was kept of it.
    `accepted_at` is when the customer event behind it was accepted, as far as one was. `version` is that of the
    standing with which an event was told first; 0 where it was another profile's."""

    signal: str
    at: datetime
    standing: Standing
    event: bool = False
    key: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)
    accepted_at: datetime | None = None
    version: int = 0


def told_in(fact: Fact) -> Iterator[Told]:
    """The signals in a fact of scoring."""
    if isinstance(fact, SegmentEntered):
        yield from (_moved(move, move.segment) for move in fact.moves)
    elif isinstance(fact, SegmentExited):
        yield from (_moved(move, segment_left(move.segment)) for move in fact.moves)
    elif isinstance(fact, EventHeard):
        yield from map(_heard, fact.heard)
    elif isinstance(fact, StageChanged):
        for move in fact.moves:
            yield Told(stage_reached(move.lifecycle, move.after), move.at, move.standing)
            yield Told(stage_reached(move.lifecycle, move.after, move.before), move.at, move.standing)
    elif isinstance(fact, StrategyCellChanged):
        for change in fact.moves:
            yield _moved(change, cell_reached(change.strategy, change.after))
            if change.journey:
                yield _moved(change, called(change.journey))
    elif isinstance(fact, TriggerFired):
        yield from (_moved(one, called(one.journey)) for one in fact.firings if one.journey)


def _heard(one: Heard) -> Told:
    version = one.standing.version
    return Told(one.listener, one.at, one.standing, True, one.key, one.kept, one.accepted_at, version)


def _moved(row: SegmentMove | StrategyMove | Firing, signal: str) -> Told:
    return Told(signal, row.at, row.standing, accepted_at=row.accepted_at)


def standings_in(fact: Fact) -> Iterator[Standing]:
    """Every standing that a fact of scoring brings, oldest first for each profile."""
    if isinstance(fact, ScoreChanged):
        found = [change.standing for change in fact.changes]
    else:
        found = [told.standing for told in told_in(fact)]
    yield from sorted(found, key=lambda standing: standing.version)


@dataclass(frozen=True)
class Ending:
    """A signal that ends walks, and why; `keyed`: those of its own matter only."""

    signal: str
    reason: str
    keyed: bool


@dataclass(frozen=True)
class Signals:
    """`entries`: signals that let in, and whether they bring a key; `kept_on_entry`: what is kept of them; `waits`:
    what each wait_for and survey waits for, and whether it is of the walk's own matter; `endings`, in the order in
    which they are looked at; `arms`: the conditions of each branch; `guard`: that of entering."""

    entries: Mapping[str, bool]
    kept_on_entry: Mapping[str, tuple[str, ...]]
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
        {
            listener_of(way, way.keep).name: tuple(way.keep)
            for way in document.entry.on
            if isinstance(way, EventWay)
        },
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
        elif isinstance(way, EntersSegment):
            found[way.segment_entered] = False
        elif isinstance(way, LeavesSegment):
            found[segment_left(way.segment_exited)] = False
        elif isinstance(way, StageWay):
            found[stage_reached(way.stage, way.to, way.before)] = False
        elif isinstance(way, CellWay):
            found[cell_reached(way.cell, way.to)] = False
        elif isinstance(way, Called):
            found[called(document.name)] = False
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
