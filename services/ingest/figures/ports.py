"""What figures need of the world."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Protocol

from services.ingest.domain.figures.figure import Figure
from services.ingest.domain.figures.questions import Question


class FigureFiles(Protocol):
    """Figures by the key of their question; each goes after some days."""

    def get(self, key: str) -> tuple[Figure, str] | None:
        """One with its state, for `mark`."""
        ...

    def mark(self, figure: Figure, state: str) -> None:
        """Say that it is being counted, unless it is another by now than it was in `state` (`""`: not there)."""
        ...

    def put(self, figure: Figure) -> None:
        """Keep what was counted."""
        ...


class Counter(Protocol):
    """Whoever reads the lake."""

    def count(self, question: Question) -> None:
        """Have a figure counted, soon."""
        ...


class Happened(Protocol):
    """The lake."""

    def lines(self, *, names: Collection[str] | None = None) -> Iterator[Mapping[str, Any]]:
        """Every line, or those of events of these names, each receipt of a day once."""
        ...


class Redirects(Protocol):
    """Who was merged into whom."""

    def leads(self, profile_ids: Iterable[str]) -> Mapping[str, str]:
        """By each id the one that it leads to in the end."""
        ...
