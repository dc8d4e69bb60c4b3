"""Counters, the lake, and what reports are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from services.delivery.domain.prices import Prices
from services.delivery.domain.reports.funnel import Way
from services.delivery.domain.reports.once import Change
from services.delivery.domain.reports.rows import Row
from services.shared.contracts.scoring import StageMove


class Counters(Protocol):
    """Report rows that count each change once."""

    def count(self, batch: Sequence[Change], at: datetime) -> None:
        """Add what a batch of a stream adds, unless that is counted, however the batch is cut when it comes again."""
        ...

    def totals(self) -> Sequence[Row]:
        """All rows, each over all days."""
        ...

    def days(self, days: Iterable[date], *, mailboxes: bool = False) -> Sequence[Row]:
        """The rows of some days (UTC); those of `mailboxes` stand apart."""
        ...

    def of_day(self, journey: str, day: date) -> Sequence[Row]:
        """A journey's rows of one day (UTC)."""
        ...


class OutcomeLines(Protocol):
    """The lines of reports in the lake."""

    def put(self, days: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Write the lines of some days; the same ones again change nothing."""
        ...


class DayMoved(Exception):
    """Somebody else has worked a day of lines up meanwhile."""


class OutcomeStore(Protocol):
    """The lines of reports as objects: raw ones, and one part of each finished day."""

    def raw(self) -> Mapping[date, list[str]]:
        """The keys of raw objects, by day."""
        ...

    def parts(self) -> Mapping[date, list[str]]:
        """The keys of parts, by day; of a day at rest there is one."""
        ...

    def fetch(self, keys: Iterable[str], folder: Path) -> list[Path]:
        """Copy objects into a folder.

        Raises:
            DayMoved: one is not there any more.
        """
        ...

    def store(self, key: str, source: Path) -> None:
        """Write a part."""
        ...

    def remove(self, keys: Iterable[str]) -> None:
        """Delete objects; those that are gone already are no error."""
        ...


class OutcomeFiles(Protocol):
    """Files of lines: raw ones and parts."""

    def write(self, raw: Sequence[Path], parts: Sequence[Path], target: Path) -> int:
        """Make one part of all lines, each once; how many."""
        ...

    def rows(
        self,
        settled: Sequence[Path],
        raw: Sequence[Path] = (),
        parts: Sequence[Path] = (),
        *,
        by: Sequence[str],
        mailboxes: bool = False,
    ) -> list[Row]:
        """The sums by some dimensions (and `day`), units by day and channel as well, of lines in `settled` parts, where
        each is once, and of those in other files, where one may stand several times."""
        ...


class Funnel(Protocol):
    """Who came to which stage."""

    def count(self, moves: Sequence[StageMove], at: datetime) -> int:
        """Count moves, each once, however often it is told; how many were new."""
        ...

    def ways(self, lifecycle: str, days: tuple[date, date] | None) -> Iterable[tuple[Way, Mapping[str, int]]]:
        """The rows of all days together, or of those from one day to another."""
        ...


class Priced(Protocol):
    """What messages cost."""

    def prices(self) -> Prices:
        """All prices that were set; some seconds old at most."""
        ...
