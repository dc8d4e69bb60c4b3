"""What becomes of people whose cohort's execution failed for good: their walks end, and everybody hears of it."""

from __future__ import annotations

from services.journeys.domain.moves import Out
from services.journeys.ports.walks import Walks
from services.shared.clock import Clock
from services.shared.contracts.base import Model

FAILED = Out("failed")


class FailedCohort(Model):
    """The part of a failed execution's input that says who travelled in it."""

    cohort: str
    journey: str


class Failing:
    """Ends the walks of a cohort whose execution has failed."""

    def __init__(self, walks: Walks, clock: Clock) -> None:
        self._walks = walks
        self._clock = clock

    def end(self, failed: FailedCohort) -> int:
        """End the walks of all who are still in the cohort; how many there were. Whoever a branch has sent on
        before travels on. Again is the same, and an execution that carried no cohort of ours has nobody."""
        if self._walks.cohort(failed.cohort) is None:
            return 0
        self._walks.finish(failed.cohort)
        ended = 0
        for _, refs in self._walks.pages(failed.cohort, None):
            here = self._walks.members(refs, failed.journey, failed.cohort)
            ended += self._walks.end([(walk, FAILED, None) for walk in here], self._clock.now())
        return ended
