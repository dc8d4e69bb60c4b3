"""People go over from one version of a journey to another, cohort by cohort, each exactly once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from services.journeys.domain.cohort import Slot
from services.journeys.domain.migrating import MIGRATED, Stand, over_slots
from services.journeys.domain.nodes import Wait
from services.journeys.domain.operating import Migration
from services.journeys.domain.states import exit_at
from services.journeys.ports.definitions import Definition, Definitions
from services.journeys.ports.running import LEAVING, Live, LiveCohorts
from services.journeys.ports.walks import Boarding, Walks
from services.journeys.service.fill import Filling
from services.shared.clock import Clock

HasTime = Callable[[], bool]


class Migrating:
    """Moves cohorts. Again is the same, and goes on where a worker died."""

    def __init__(
        self, definitions: Definitions, walks: Walks, live: LiveCohorts, filling: Filling, clock: Clock
    ) -> None:
        self._definitions = definitions
        self._walks = walks
        self._live = live
        self._filling = filling
        self._clock = clock

    def move(self, old: Definition, migration: Migration, live: Live, has_time: HasTime) -> None:
        """Move a cohort that stands, as far as there is time. One that an execution is at work on is left alone: it
        stands soon.

        It is parked first, so that no execution acts on those who have not left yet. The new cohorts belong to it, and
        start when everybody is on board.
        """
        now = self._hold(live.key)
        if now is None:
            return
        new = self._definitions.get(old.journey, migration.to)
        target = migration.nodes.get(now.cohort.node)
        out = exit_at(new.document, target)
        for _, refs in self._walks.pages(now.key, None):
            if not has_time():
                return
            if target is None or out:
                self._let_go(now, refs, out.reason if out else MIGRATED)
            else:
                self._take_over(new, self._slots(old, new, now, target), now, refs)
        if target is not None and not out:
            self._start(new, self._slots(old, new, now, target))
        self._walks.finish(now.key)

    def _hold(self, key: str) -> Live | None:
        """Park a cohort for good; `None`: it does not stand."""
        live = self._live.live(key)
        if live is None or live.leaving:
            return live
        if live.cohort.state != "parked":
            held = self._live.park(key, {LEAVING: True}, live.cohort.due, standing=True)
        elif live.carried.get("cursor"):
            return None
        else:
            held = self._live.park_again(key, {LEAVING: True}, live.parks)
        return self._live.live(key) if held else None

    def _slots(self, old: Definition, new: Definition, live: Live, target: str) -> Iterator[Slot]:
        cohort, node = live.cohort, old.document.nodes[live.cohort.node]
        comes = not cohort.arrived and not live.slot.over and not isinstance(node, Wait)
        stand = Stand(cohort.node, cohort.since, cohort.due, comes)
        return over_slots(old.document, new.document, new.version, live.key, stand, target)

    def _take_over(self, new: Definition, slots: Iterator[Slot], live: Live, refs: Sequence[str]) -> None:
        def attempt(slot: Slot, members: Sequence[str]) -> Boarding:
            return self._walks.migrate(slot, new.journey, live.key, members, new.version, self._clock.now())

        def drop(members: Sequence[str], boarding: Boarding) -> list[str]:
            return []

        here = [walk.ref for walk in self._walks.members(refs, live.journey, live.key)]
        if here:
            self._filling.place(new, slots, here, attempt, drop, start="later")

    def _start(self, new: Definition, slots: Iterator[Slot]) -> None:
        for slot in slots:
            cohort = self._walks.cohort(slot.key)
            if cohort is None:
                return
            if not cohort.started:
                self._filling.start(new, slot)

    def _let_go(self, live: Live, refs: Sequence[str], reason: str) -> None:
        here = self._walks.members(refs, live.journey, live.key)
        self._walks.stop([(walk, reason) for walk in here], self._clock.now())
