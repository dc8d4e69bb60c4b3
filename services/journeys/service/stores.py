"""What nearly every use case of journeys looks at."""

from __future__ import annotations

from dataclasses import dataclass

from services.journeys.ports.definitions import Definitions
from services.journeys.ports.people import Known, Standings
from services.journeys.ports.walks import Walks
from services.shared.clock import Clock


@dataclass(frozen=True)
class Stores:
    """The published versions, who walks through them, what is known of people, and the time."""

    definitions: Definitions
    walks: Walks
    standings: Standings
    known: Known
    clock: Clock
