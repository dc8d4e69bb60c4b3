"""The regular look at everything that runs."""

from __future__ import annotations

from services.journeys.ports.definitions import Definitions
from services.journeys.ports.running import Chore, Chores, Runnings


class Sweeping:
    """Has every version tended that somebody may walk."""

    def __init__(self, definitions: Definitions, runnings: Runnings, chores: Chores) -> None:
        self._definitions = definitions
        self._runnings = runnings
        self._chores = chores

    def run(self) -> int:
        """How many versions."""
        versions = self._definitions.all()
        retired = {name: self._runnings.get(name).retired for name in {one.journey for one in versions}}
        chores = [
            Chore(journey=one.journey, version=one.version)
            for one in versions
            if one.version not in retired[one.journey]
        ]
        self._chores.send(chores)
        return len(chores)
