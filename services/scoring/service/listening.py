"""The use case of journeys that say what they need to hear of people."""

from __future__ import annotations

from dataclasses import dataclass

from services.scoring.domain.definitions import Definitions
from services.scoring.ports import DefinitionStore
from services.scoring.service.definition_desk import ATTEMPTS, SETTLED
from services.shared.clock import Clock
from services.shared.contracts.journeys import Listening
from services.shared.errors import Conflict


@dataclass(frozen=True)
class Heeded:
    """What came of a request: was it `new`, and the names of what can't be heard."""

    new: bool
    unheard: tuple[str, ...] = ()


class Listenings:
    """Keeps what journeys need to hear."""

    def __init__(self, definitions: DefinitionStore, clock: Clock) -> None:
        self._definitions = definitions
        self._clock = clock

    def heed(self, listening: Listening) -> Heeded:
        """Hear for a journey what it needs by now; an older revision, or the same again, changes nothing. A watch that
        can't be read, or names what is not there, holds up no other.

        Raises:
            Conflict: others changed definitions at the same time, again and again.
        """
        for _ in range(ATTEMPTS):
            current = self._definitions.load()
            known = current.hearing.of(listening.journey)
            if known and (known.revision > listening.revision or known == listening):
                return Heeded(new=False)
            following = current.hears(listening)
            begins = self._clock.now() + SETTLED if _asks_more(current, following) else None
            if self._definitions.hear(listening.journey, following, current.version, begins):
                return Heeded(True, tuple(following.unheard(listening.journey)))
        raise Conflict("conflict", "definitions are being changed by others; try again")


def _asks_more(current: Definitions, following: Definitions) -> bool:
    """Must everybody be judged anew? What is let go of needs no pass: it is forgotten person by person."""
    return not following.introduced.keys() <= current.introduced.keys()
