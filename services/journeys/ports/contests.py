"""Splits that learn: who came to which arm, and which has won."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from services.journeys.domain.contests import Contest, Score, Tally


class Contests(Protocol):
    """Who came to which arm and reached the goal, and which arm has won."""

    def note(self, scores: Iterable[Score]) -> None:
        """Count them; again is the same."""
        ...

    def tally(self, contest: Contest, arm: str) -> Tally:
        """How an arm does; may be a moment behind."""
        ...

    def winner(self, contest: Contest) -> str:
        """The arm that has won, as of now; empty: none has."""
        ...

    def settle(self, contest: Contest, arm: str, at: datetime) -> str:
        """Let an arm have won, unless one has; the one that has."""
        ...

    def declare(self, contest: Contest, arm: str, at: datetime) -> None:
        """Let an arm have won, whichever had."""
        ...
