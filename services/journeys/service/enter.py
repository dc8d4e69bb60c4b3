"""Letting in people who have a reason to enter, and ending at once the walks whose end was told before they began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.journeys.domain.enrolment import Entrant, is_stale, left_since
from services.journeys.domain.reasons import events_awaited_in
from services.journeys.ports.definitions import Definition
from services.journeys.service.hear import Hearing
from services.journeys.service.join import Joining
from services.journeys.service.stores import Stores


@dataclass(frozen=True)
class Came:
    """How many came in, how many of them went at once, and how many reasons were history already."""

    entered: int
    exited: int
    stale: int


class Entering:
    """The one door into a journey, whatever the reason. The same reasons again let nobody in."""

    def __init__(self, stores: Stores, joining: Joining, hearing: Hearing) -> None:
        self._stores = stores
        self._joining = joining
        self._hearing = hearing

    def enter(self, definition: Definition, reasons: Sequence[Entrant]) -> Came:
        """Let in whoever may enter by these reasons; the people's standings are stored already.

        Raises:
            NoRoom: others were in the way all the time; whoever came in before it stays.
        """
        overtaken = [e for e in reasons if is_stale(definition.document, e.standing, e.newest)]
        current = [e for e in reasons if e not in overtaken]
        if overtaken:
            self._joining.finish_starts(definition, overtaken)
        entered = self._joining.enter(definition, current)
        return Came(entered, self._exit_overtaken(definition, current), len(overtaken))

    def _exit_overtaken(self, definition: Definition, entrants: Sequence[Entrant]) -> int:
        """End walks that another worker could not end, because it looked before they had begun; and let them hear
        what was heard before they had.

        Each side writes first (walk, or standing and event) and reads the other afterwards, so one of them sees both.
        """
        document = definition.document
        hears = bool(events_awaited_in(document))
        if not entrants or not (hears or document.exit_on or document.goal or document.stages):
            return 0
        newest = self._stores.standings.find([e.profile_id for e in entrants])
        left = {
            e.ref: reason
            for e in entrants
            if (reason := left_since(document, e.standing, newest.get(e.profile_id)))
        }
        refs = [e.ref for e in entrants if hears or e.ref in left]
        walks = [w for w in self._stores.walks.find(refs, definition.journey).values() if w.active]
        ending = [
            (walk, left[walk.ref])
            for walk in walks
            if walk.ref in left and walk.entry_version < newest[walk.profile_id].version
        ]
        exited = self._stores.walks.stop(ending, self._stores.clock.now())
        return exited + (self._hearing.catch_up(walks) if hears else 0)
