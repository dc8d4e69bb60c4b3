"""What becomes of a walk when its person turns out to be another profile as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.journeys.domain.enrolment import Enrolment, enrolment_id, went_to
from services.journeys.domain.moves import Memory, shared_memory

MERGED = "merged"
ERASED = "erased"


@dataclass(frozen=True)
class Gone:
    """A profile that is no more since `at`: merged `into` another, or erased (`into` is empty)."""

    into: str
    at: datetime

    @property
    def erased(self) -> bool:
        return not self.into


@dataclass(frozen=True)
class TakeOver:
    """The winner goes on with the loser's walk, or has walked it."""

    walk: Enrolment


@dataclass(frozen=True)
class Inherit:
    """The winner's own walk stands, and asks for none of `inherited` again; `memory` is what it remembers from now
    on: what either has had from a rotation, neither gets again."""

    inherited: Mapping[str, datetime]
    memory: Memory


Verdict = TakeOver | Inherit


def decide(
    lost: Enrolment,
    won: Enrolment | None,
    winner: str,
    standing_version: int,
    reenters: bool,
) -> Verdict:
    """What the winner makes of walk `lost`, itself having walked `won` (`None`: never).

    A person walks a journey once at a time, and where nobody enters twice, once. `standing_version` is the winner's
    newest: what happened before it neither begins nor ends the walk.
    """
    if won is None or (reenters and lost.active and not won.active):
        number = won.number + 1 if won else 1
        walk = replace(
            lost,
            profile_id=winner,
            enrolment_id=enrolment_id(winner, lost.journey, lost.key, number),
            number=number,
            entry_version=standing_version,
            requested={},
            inherited={**lost.requested, **lost.inherited},
            memory=shared_memory(lost.memory, won.memory) if won else lost.memory,
            absorbed=lost.enrolment_id,
            moved_to="",
            went_to=went_to(won) if won else (),
            accepted_at=None,
            turned_away=None,
        )
        return TakeOver(walk)
    memory = shared_memory(won.memory, lost.memory)
    if reenters and not lost.active:
        return Inherit(won.inherited, memory)
    return Inherit({**lost.requested, **lost.inherited, **won.inherited}, memory)
