"""What writes of standings tell the others."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.scoring.domain.definitions import FitModel, Strategy
from services.scoring.domain.definitions.lifecycles import Lifecycle
from services.scoring.domain.standing import Fired, Moved, ProfileStanding
from services.scoring.ports import Publisher
from services.shared.aws.bus import pack
from services.shared.clock import to_iso
from services.shared.contracts import scoring as contract
from services.shared.contracts.base import Fact
from services.shared.contracts.scoring import (
    Carried,
    EventHeard,
    Firing,
    ScoreChange,
    ScoreChanged,
    SegmentEntered,
    SegmentExited,
    SegmentMove,
    StageChanged,
    StageMove,
    Standing,
    StrategyCellChanged,
    StrategyMove,
    Task,
    TaskRequested,
    TraitsCarried,
    TriggerFired,
)


def snapshot(standing: ProfileStanding) -> Standing:
    """A standing as others see it."""
    return Standing(
        profile_id=standing.profile_id,
        version=standing.version,
        at=standing.at,
        facts=standing.facts,
        scores=dict(standing.scores),
        segments=sorted(standing.segments),
        stages={
            name: {product: place.value for product, place in sorted(held.items())}
            for name, held in sorted(standing.stages.items())
        },
        fits=standing.values(FitModel.kind),
        cells=standing.values(Strategy.kind),
        since=standing.since,
        since_at=standing.since_at,
    )


def facts_of(standings: Collection[ProfileStanding]) -> list[Fact]:
    """The facts of these writes, packed: scores first, then stages, cells and the tasks of these, what journeys listen
    to, then exits and entries, each person's moves in order. A change of grade is told by the cell that it leads
    to."""
    changes: list[ScoreChange] = []
    stages: list[StageMove] = []
    cells: list[StrategyMove] = []
    tasks: list[Task] = []
    fired: list[Firing] = []
    rounds = [Round()]
    for standing in standings:
        seen = snapshot(standing)
        changes += [
            ScoreChange(standing=seen, model=s.model, score=s.score, previous=s.previous)
            for s in standing.scored
        ]
        fired += [_firing(one, seen, standing.accepted_at) for one in standing.fired]
        tasks += [task for one in standing.fired for task in _tasks_of_trigger(one, seen)]
        for move in (move for move in standing.moved if not move.silent):
            kind, name, _ = move.seat
            if kind == Lifecycle.kind:
                stages.append(_stage_move(move, seen))
                continue
            if kind == Strategy.kind:
                cells.append(_strategy_move(move, seen, standing.accepted_at))
                tasks += _tasks(move, seen)
                continue
            if kind == FitModel.kind:
                continue
            entered = move.after is not None
            row = SegmentMove(segment=name, at=move.at, standing=seen, accepted_at=standing.accepted_at)
            if not rounds[-1].takes(row, entered=entered):
                rounds.append(Round())
            rounds[-1].add(row, entered=entered)
    facts = pack(changes, lambda rows: ScoreChanged(changes=rows))
    facts += pack(stages, lambda rows: StageChanged(moves=rows))
    facts += pack(cells, lambda rows: StrategyCellChanged(moves=rows))
    facts += pack(fired, lambda rows: TriggerFired(firings=rows))
    facts += pack(tasks, lambda rows: TaskRequested(tasks=rows))
    facts += _for_journeys(standings)
    return facts + [fact for one in rounds for fact in one.facts()]


def _stage_move(move: Moved, seen: Standing) -> StageMove:
    _, lifecycle, product = move.seat
    return StageMove(
        lifecycle=lifecycle,
        product=product,
        before=move.before or "",
        after=move.after or "",
        at=move.at,
        held_since=move.held_since,
        standing=seen,
    )


def _strategy_move(move: Moved, seen: Standing, accepted_at: datetime | None) -> StrategyMove:
    agreed = move.agreed
    return StrategyMove(
        strategy=move.seat[1],
        before=move.before or "",
        after=move.after or "",
        at=move.at,
        contact=agreed.get("strategy", ""),
        owner=agreed.get("owner", ""),
        journey=agreed.get("journey", ""),
        standing=seen,
        accepted_at=accepted_at,
    )


def _tasks(move: Moved, seen: Standing) -> Iterator[Task]:
    """The task of the cell that somebody came into."""
    if "task" in move.agreed:
        yield _task(
            f"{Strategy.kind}:{move.seat[1]}:{move.after}", to_iso(move.at), move.at, move.agreed, seen
        )


def _tasks_of_trigger(fired: Fired, seen: Standing) -> Iterator[Task]:
    if "task" in fired.reaction:
        reason = f"trigger:{fired.table}:{fired.trigger}:{fired.position}"
        yield _task(reason, fired.message_id, fired.at, fired.reaction, seen)


def _task(reason: str, cause: str, at: datetime, asked: Mapping[str, Any], seen: Standing) -> Task:
    what = f"{seen.profile_id}|{reason}|{cause}"
    return Task(
        task_id=f"tsk_{hashlib.sha256(what.encode()).hexdigest()[:20]}",
        profile_id=seen.profile_id,
        title=asked["task"]["title"],
        owner=asked["owner"],
        reason=reason,
        at=at,
    )


def _firing(fired: Fired, seen: Standing, accepted_at: datetime | None) -> Firing:
    return Firing(
        table=fired.table,
        trigger=fired.trigger,
        position=fired.position,
        message_id=fired.message_id,
        journey=fired.reaction.get("journey", ""),
        at=fired.at,
        standing=seen,
        accepted_at=accepted_at,
    )


def _for_journeys(standings: Collection[ProfileStanding]) -> list[Fact]:
    carried = [
        Carried(profile_id=one.profile_id, version=one.version, traits=dict(one.carried))
        for one in standings
        if one.carried is not None
    ]
    heard = [
        contract.Heard(**vars(one), standing=seen, accepted_at=standing.accepted_at)
        for standing in standings
        if standing.heard
        for seen in [snapshot(standing)]
        for one in standing.heard
    ]
    facts = pack(carried, lambda rows: TraitsCarried(carried=rows))
    return facts + pack(heard, lambda rows: EventHeard(heard=rows))


@dataclass
class Round:
    """Moves that may be told exits first. Who enters and then leaves the same segment needs a further round."""

    exited: list[SegmentMove] = field(default_factory=list)
    entered: list[SegmentMove] = field(default_factory=list)
    inside: set[tuple[str, str]] = field(default_factory=set)

    def takes(self, row: SegmentMove, *, entered: bool) -> bool:
        """Is `row` told after what came before it?"""
        return entered or (row.standing.profile_id, row.segment) not in self.inside

    def add(self, row: SegmentMove, *, entered: bool) -> None:
        """The next move."""
        if entered:
            self.inside.add((row.standing.profile_id, row.segment))
        (self.entered if entered else self.exited).append(row)

    def facts(self) -> list[Fact]:
        """The facts that tell it."""
        return [
            *pack(self.exited, lambda rows: SegmentExited(moves=rows)),
            *pack(self.entered, lambda rows: SegmentEntered(moves=rows)),
        ]


def publish(standings: Sequence[ProfileStanding], publisher: Publisher) -> int:
    """Publish what these writes changed; the number of facts.

    Raises:
        NotPublished: the bus refused some; the batch is to be retried whole, consumers drop what they have.
    """
    facts = facts_of(standings)
    if facts:
        publisher.publish(facts)
    return len(facts)
