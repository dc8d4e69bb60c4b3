"""What writes of standings tell the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.scoring.domain.definitions.lifecycles import Lifecycle
from services.scoring.domain.standing import Moved, ProfileStanding
from services.scoring.ports import Publisher
from services.shared.aws.bus import pack
from services.shared.contracts.base import Fact
from services.shared.contracts.scoring import (
    ScoreChange,
    ScoreChanged,
    SegmentEntered,
    SegmentExited,
    SegmentMove,
    StageChanged,
    StageMove,
    Standing,
)


def snapshot(standing: ProfileStanding) -> Standing:
    """A standing as others see it."""
    return Standing(
        profile_id=standing.profile_id,
        version=standing.version,
        at=standing.at,
        facts=standing.tally.facts(),
        scores=dict(standing.scores),
        segments=sorted(standing.segments),
        stages={
            name: {product: place.value for product, place in sorted(held.items())}
            for name, held in sorted(standing.stages.items())
        },
        since=standing.since,
        since_at=standing.since_at,
    )


def facts_of(standings: Iterable[ProfileStanding]) -> list[Fact]:
    """The facts of these writes, packed: scores first, then stages, then exits and entries, each person's moves in
    order."""
    changes: list[ScoreChange] = []
    stages: list[StageMove] = []
    rounds = [Round()]
    for standing in standings:
        seen = snapshot(standing)
        changes += [
            ScoreChange(standing=seen, model=s.model, score=s.score, previous=s.previous)
            for s in standing.scored
        ]
        for move in (move for move in standing.moved if not move.silent):
            kind, name, _ = move.seat
            if kind == Lifecycle.kind:
                stages.append(_stage_move(move, seen))
                continue
            entered = move.after is not None
            row = SegmentMove(segment=name, at=move.at, standing=seen, accepted_at=standing.accepted_at)
            if not rounds[-1].takes(row, entered=entered):
                rounds.append(Round())
            rounds[-1].add(row, entered=entered)
    facts = pack(changes, lambda rows: ScoreChanged(changes=rows))
    facts += pack(stages, lambda rows: StageChanged(moves=rows))
    return facts + [fact for one in rounds for fact in one.facts()]


def _stage_move(move: Moved, seen: Standing) -> StageMove:
    _, lifecycle, product = move.seat
    return StageMove(
        lifecycle=lifecycle,
        product=product,
        before=move.before or "",
        after=move.after or "",
        at=move.at,
        standing=seen,
    )


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
