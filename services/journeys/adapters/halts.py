"""Whether journeys may let people in, by how they are run."""

from __future__ import annotations

from datetime import datetime

from services.journeys.domain.timing import paused
from services.journeys.ports.planning import Halt
from services.journeys.ports.running import Runnings


class RunningHalts:
    """`ports.planning.Halts`."""

    def __init__(self, runnings: Runnings) -> None:
        self._runnings = runnings

    def of(self, journey: str, objective: str, now: datetime) -> Halt:
        running = self._runnings.of(journey, objective)
        if running.status != "live":
            return "stopped"
        on = paused(running.pauses, now)
        return "paused" if on and on.policy == "hold" else ""
