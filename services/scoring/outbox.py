"""What writes of standings tell the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.scoring.domain.standing import ProfileStanding
from services.scoring.ports import Publisher
from services.shared.aws.bus import pack
from services.shared.contracts.base import Fact
from services.shared.contracts.scoring import (
    ScoreChange,
    ScoreChanged,
    SegmentEntered,
    SegmentExited,
    SegmentMove,
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
    )


def facts_of(standings: Iterable[ProfileStanding]) -> list[Fact]:
    """The facts of these writes, packed: scores first, then entries and exits."""
    changes: list[ScoreChange] = []
    entered: list[SegmentMove] = []
    exited: list[SegmentMove] = []
    for standing in standings:
        seen = snapshot(standing)
        changes += [
            ScoreChange(standing=seen, model=s.model, score=s.score, previous=s.previous)
            for s in standing.scored
        ]
        for move in standing.moved:
            row = SegmentMove(segment=move.segment, at=move.at, standing=seen)
            (entered if move.entered else exited).append(row)
    return [
        *pack(changes, lambda rows: ScoreChanged(changes=rows)),
        *pack(entered, lambda rows: SegmentEntered(moves=rows)),
        *pack(exited, lambda rows: SegmentExited(moves=rows)),
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
