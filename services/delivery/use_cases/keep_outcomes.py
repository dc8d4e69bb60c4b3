"""Finished days of the reports' lines into one Parquet part each, and reading them while that happens.

A part is written first, then what it was made of is removed. A crash between leaves lines twice, and each has an id: a
reader that finds anything but one part counts each id once, and the next run makes one part of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

from services.delivery.domain.reports.lines import DIMENSIONS, part_key
from services.delivery.domain.reports.rows import Row
from services.delivery.ports.reports import DayMoved, OutcomeFiles, OutcomeStore
from services.shared.clock import Clock

READ_ATTEMPTS = 5
DAY = "day"


class KeepOutcomes:
    """Whoever may write Parquet."""

    def __init__(self, *, store: OutcomeStore, files: OutcomeFiles, clock: Clock, folder: Path) -> None:
        self._store = store
        self._files = files
        self._clock = clock
        self._folder = folder

    def compact(self, has_time: Callable[[], bool] = lambda: True) -> int:
        """Work up finished days, oldest first, while there is time; how many."""
        raw, parts = self._store.raw(), self._store.parts()
        unsettled = {day for day in (*raw, *parts) if day in raw or len(parts[day]) > 1}
        days = 0
        for day in sorted(day for day in unsettled if day < self._clock.now().date()):
            if not has_time():
                break
            with suppress(DayMoved):  # somebody else works it up
                self._compact(day, raw.get(day, []), parts.get(day, []))
                days += 1
        return days

    def rows(
        self, days: Sequence[date], *, by: Sequence[str] = (DAY, *DIMENSIONS), mailboxes: bool = False
    ) -> list[Row]:
        """The sums of some days, by some dimensions (and `day`).

        Raises:
            DayMoved: days were worked up all the time.
        """
        for attempt in range(READ_ATTEMPTS):
            try:
                return self._rows(frozenset(days), by, mailboxes)
            except DayMoved:
                if attempt == READ_ATTEMPTS - 1:
                    raise
        return []

    def days(self) -> list[date]:
        """Every day that has lines."""
        return sorted({*self._store.raw(), *self._store.parts()})

    def _rows(self, days: frozenset[date], by: Sequence[str], mailboxes: bool) -> list[Row]:
        raw, parts = self._store.raw(), self._store.parts()
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            folder = Path(name)
            fresh = self._store.fetch([key for day in days for key in raw.get(day, [])], folder)
            loose = [day for day in days if day in raw or len(parts.get(day, [])) > 1]
            open_parts = self._store.fetch([key for day in loose for key in parts.get(day, [])], folder)
            settled = [key for day in days - set(loose) for key in parts.get(day, [])]
            return self._files.rows(
                self._store.fetch(settled, folder), fresh, open_parts, by=by, mailboxes=mailboxes
            )

    def _compact(self, day: date, raw: Sequence[str], parts: Sequence[str]) -> None:
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            folder = Path(name)
            target = folder / "made.parquet"
            self._files.write(self._store.fetch(raw, folder), self._store.fetch(parts, folder), target)
            made = part_key(day.isoformat(), [*raw, *parts])
            self._store.store(made, target)
        self._store.remove([*raw, *(key for key in parts if key != made)])
