"""Bringing cohorts to where their journey is wanted: stopped, migrated, resumed, started, or seen to be stuck."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.journeys.domain.operating import NEAR, STOPPED, Running, is_stuck, walked
from services.journeys.ports.definitions import Definition, Definitions
from services.journeys.ports.running import Chore, Chores, Live, LiveCohorts, Runnings
from services.journeys.ports.walks import Walks
from services.journeys.service.fill import Filling
from services.journeys.service.halt import Halting
from services.journeys.service.migrate import Migrating
from services.shared.clock import Clock

HasTime = Callable[[], bool]

PAGE = 100

FORGOTTEN = timedelta(hours=1)
"""A cohort that has no execution for so long was put off, or its worker died."""

RENEWED = timedelta(days=100)
KEPT = timedelta(days=400)
"""The items of a cohort that is parked are kept for so long again when less than `RENEWED` is left."""


@dataclass(frozen=True)
class Tended:
    """What came of a chore: cohorts seen, those that were acted on, those that are stuck, and what is left to do."""

    seen: int
    acted: int
    stuck: int
    left: Chore | None


class Tending:
    """Does chores. Each says only which cohorts to look at; what is wanted of them is read when it is done."""

    def __init__(
        self,
        definitions: Definitions,
        walks: Walks,
        live: LiveCohorts,
        runnings: Runnings,
        filling: Filling,
        halting: Halting,
        migrating: Migrating,
        chores: Chores,
        clock: Clock,
    ) -> None:
        self._definitions = definitions
        self._walks = walks
        self._live = live
        self._runnings = runnings
        self._filling = filling
        self._halting = halting
        self._migrating = migrating
        self._chores = chores
        self._clock = clock

    def tend(self, chore: Chore, has_time: HasTime) -> Tended:
        """Look at a version's cohorts while `has_time()`; the rest is queued again.

        Raises:
            NotFound: the version was never published.
        """
        definition = self._definitions.get(chore.journey, chore.version)
        running = self._runnings.of(chore.journey, definition.document.objective)
        seen = acted = stuck = 0
        cursor = chore.cursor
        while True:
            page, following = self._live.page(chore.journey, chore.version, cursor, PAGE)
            for one in page:
                if not has_time():
                    return self._later(chore, cursor, Tended(seen, acted, stuck, None))
                seen += 1
                stuck += is_stuck(running, one.cohort.state, one.cohort.due, self._clock.now())
                acted += self._one(definition, running, one, has_time)
            if page and not has_time():
                return self._later(chore, cursor, Tended(seen, acted, stuck, None))
            if not following:
                break
            cursor = following
        if not chore.cursor:
            self._retire(definition, anybody=seen > 0)
        return Tended(seen, acted, stuck, None)

    def _later(self, chore: Chore, cursor: str, so_far: Tended) -> Tended:
        left = chore.model_copy(update={"cursor": cursor})
        self._chores.send([left])
        return Tended(so_far.seen, so_far.acted, so_far.stuck, left)

    def _one(self, definition: Definition, running: Running, live: Live, has_time: HasTime) -> bool:
        """Was there anything to do?"""
        cohort = live.cohort
        migration = running.migrations.get(definition.version)
        if running.status == STOPPED:
            self._empty(live, has_time)
        elif migration:
            self._migrating.move(definition, migration, live, has_time)
        elif cohort.state == "parked" or (live.parks and not cohort.open and not cohort.started):
            return self._halting.release(definition, live.key) or self._keep(live)
        elif cohort.open and not cohort.started and _forgotten(live, self._clock.now()):
            self._filling.start(definition, cohort.slot)
        else:
            return False
        return True

    def _keep(self, live: Live) -> bool:
        """What a long pause holds must not expire."""
        now = self._clock.now()
        if live.expires_at - now > RENEWED:
            return False
        self._live.prolong(live.key, int((now + KEPT).timestamp()))
        return True

    def _empty(self, live: Live, has_time: HasTime) -> None:
        for _, refs in self._walks.pages(live.key, None):
            if not has_time():
                return
            here = self._walks.members(refs, live.journey, live.key)
            self._walks.stop([(walk, STOPPED) for walk in here], self._clock.now())
        self._walks.finish(live.key)

    def _retire(self, definition: Definition, *, anybody: bool) -> None:
        versions = self._definitions.versions(definition.journey)
        if versions[-1].version == definition.version:
            return
        now = self._clock.now()
        self._runnings.change(
            definition.journey, lambda one: walked(one, definition.version, now, anybody=anybody)
        )


def _forgotten(live: Live, now: datetime) -> bool:
    return live.created_at <= now - FORGOTTEN and live.cohort.due - now <= NEAR
