"""The scheduled run: first who is due, then who was not judged since definitions changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.scoring.ports import Histories, Pass, Passed, Passes, Standings
from services.scoring.service.scoring import PAGE, Scoring
from services.shared.clock import Clock


@dataclass(frozen=True)
class Run:
    """Due profiles judged, profiles that caught up with definitions, how many failed, and whether some are left."""

    swept: int
    caught_up: int
    failed: int
    more: bool


class Sweep:
    """The use case."""

    def __init__(
        self, scoring: Scoring, standings: Standings, passes: Passes, histories: Histories, clock: Clock
    ) -> None:
        self._scoring = scoring
        self._standings = standings
        self._passes = passes
        self._histories = histories
        self._clock = clock

    def run(self, has_time: Callable[[], bool]) -> Run:
        """Work while `has_time()`; the next run goes on where this one stopped."""
        due = self._scoring.sweep(has_time)
        run = Run(due.swept, 0, due.failed, due.more)
        current = None if due.more else self._passes.current()
        if current is None or current.starts_at > self._clock.now():
            return run
        return self._catch_up(replace(run, more=True), current, has_time)

    def _catch_up(self, run: Run, current: Pass, has_time: Callable[[], bool]) -> Run:
        """Page by page. The place is noted after a page's writes, so a crash repeats a page, in which nothing is
        left to do. Newer definitions, or another run, take the pass away."""
        while has_time():
            page = self._standings.page(current.after, PAGE)
            outcome = self._scoring.catch_up(page.standings, current.definitions, self._histories)
            run = replace(
                run,
                caught_up=run.caught_up + outcome.written,
                failed=run.failed + len(outcome.failed),
            )
            if outcome.unsaved:
                self._passes.advance(current, replace(current, waiting=outcome.unsaved))
                return run
            behind = replace(
                current,
                after=page.last,
                looked_at=current.looked_at + len(page.standings),
                failed=current.failed + len(outcome.failed),
                waiting=0,
            )
            if not page.last:
                return replace(run, more=not self._finish(current, behind))
            if not self._passes.advance(current, behind):
                return run
            current = behind
        return run

    def _finish(self, current: Pass, behind: Pass) -> bool:
        done = Passed(behind.definitions, self._clock.now(), behind.looked_at, behind.failed)
        return self._passes.finish(current, done)
