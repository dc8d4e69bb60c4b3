"""Letting a segment in, page after page: exactly once each, whatever dies on the way.

A page is written down before anybody of it is let in. Whoever takes it up again lets in the same people, each with the
same turn; whoever is in by then is not let in again. A page is left behind only when all of it is in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.journeys.domain.enrolment import Entrant
from services.journeys.domain.runs import Portion, Run, kept_by, skipping
from services.journeys.ports.definitions import Definition
from services.journeys.ports.planning import Audiences, Chore, Halts, Runs
from services.journeys.service.enter import Entering
from services.journeys.service.stores import Stores
from services.shared.contracts.scoring import Standing


@dataclass(frozen=True)
class Fanned:
    """What a worker did: pages, people who came in, and whether the part wants more work now."""

    pages: int
    entered: int
    more: bool


class FanOut:
    """Goes on with parts of runs."""

    def __init__(
        self, stores: Stores, entering: Entering, runs: Runs, audiences: Audiences, halts: Halts
    ) -> None:
        self._stores = stores
        self._entering = entering
        self._runs = runs
        self._audiences = audiences
        self._halts = halts

    def work(self, chore: Chore, has_time: Callable[[], bool]) -> Fanned:
        """Go on with a part while there is time; again, or beside another worker, lets nobody in twice. A paused or
        stopped journey's is left where it is.

        Raises:
            NoRoom: others were in the way all the time; again later.
        """
        run = self._runs.get(chore.journey, chore.run_id)
        if run is None or not run.at_work:
            return Fanned(0, 0, more=False)
        definition = self._stores.definitions.get(run.journey, run.version)
        portion = self._runs.portions(run)[chore.part]
        pages = entered = 0
        while not portion.finished:
            if self._halts.of(run.journey, definition.document.objective, self._stores.clock.now()):
                return Fanned(pages, entered, more=False)
            if pages and not has_time():
                return Fanned(pages, entered, more=True)
            done = self._page(definition, run, portion)
            if done is None:
                return Fanned(pages, entered, more=False)
            pages, entered = pages + 1, entered + done.entered - portion.entered
            portion = done
        return Fanned(pages, entered, more=False)

    def _page(self, definition: Definition, run: Run, portion: Portion) -> Portion | None:
        """The portion behind its next page; `None`: another worker is at it."""
        known: Mapping[str, Standing] = {}
        again = bool(portion.pending)
        if not again:
            portion, known = self._next(run, portion)
            if not self._runs.advance(run, portion):
                return None
        entered = self._let_in(definition, run, portion, known, again=again)
        ended = portion.ended(entered, self._stores.clock.now())
        return ended if self._runs.advance(run, ended) else None

    def _next(self, run: Run, portion: Portion) -> tuple[Portion, Mapping[str, Standing]]:
        """The portion with its next page under way. Whoever came into the segment after the run began is not in it."""
        now = self._stores.clock.now()
        answer = self._audiences.members(run.segment, portion.number, portion.after)
        known = {
            one.standing.profile_id: one.standing
            for one in answer.people
            if (one.since is None or one.since <= run.at) and run.wants(one.standing.profile_id)
        }
        return portion.begun(known, answer.after, skipping(run, portion, now), now), known

    def _let_in(
        self,
        definition: Definition,
        run: Run,
        portion: Portion,
        known: Mapping[str, Standing],
        *,
        again: bool,
    ) -> int:
        if again:
            known = {one.profile_id: one for one in self._audiences.people(portion.pending)}
        newest = self._stores.standings.keep(known.values())
        entrants = [
            Entrant(
                profile_id=profile_id,
                at=run.at,
                standing=known[profile_id],
                key=run.key,
                kept=kept_by(run, portion, index),
                newest=newest[profile_id],
                occasion=True,
            )
            for index, profile_id in enumerate(portion.pending)
            if profile_id in newest and profile_id in known
        ]
        came = self._entering.enter(definition, entrants)
        return self._in(definition, entrants) if again else came.entered

    def _in(self, definition: Definition, entrants: Sequence[Entrant]) -> int:
        """How many have come in by this run, now or before a worker died."""
        walks = self._stores.walks.find([one.ref for one in entrants], definition.journey)
        return sum(walk.reason_at == one.at for one in entrants if (walk := walks.get(one.ref)) is not None)
