"""Asking for figures: what was counted is answered at once, and counted anew when it is old."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.ingest.domain.figures.figure import Figure
from services.ingest.domain.figures.questions import Kind, as_csv, asked, in_sum
from services.ingest.figures.ports import Counter, FigureFiles
from services.shared.clock import Clock, to_iso


class FigureDesk:
    """Answers are JSON-ready."""

    def __init__(self, *, files: FigureFiles, counter: Counter, clock: Clock) -> None:
        self._files = files
        self._counter = counter
        self._clock = clock

    def show(self, kind: Kind, query: Mapping[str, str]) -> tuple[bool, dict[str, Any]]:
        """Whether it was ever counted, and `{kind, asked, as_of, rows, totals}`; of one that never was only the first
        two. `as_of` is when it was counted.

        Raises:
            pydantic.ValidationError: a parameter is none, or breaks its rule.
        """
        figure = self._figure(kind, query)
        about = {"kind": kind, "asked": figure.question.model_dump(mode="json", exclude={"kind"})}
        if figure.counted_at is None:
            return False, about
        totals = in_sum(figure.question, figure.rows)
        return True, {
            **about,
            "as_of": to_iso(figure.counted_at),
            "rows": list(figure.rows),
            "totals": totals,
        }

    def file(self, kind: Kind, query: Mapping[str, str]) -> str | None:
        """The rows as CSV; `None`: they were never counted.

        Raises:
            pydantic.ValidationError: as `show`.
        """
        figure = self._figure(kind, query)
        return None if figure.counted_at is None else as_csv(figure.rows)

    def _figure(self, kind: Kind, query: Mapping[str, str]) -> Figure:
        now = self._clock.now()
        question = asked(kind, query, now.date())
        figure, state = self._files.get(question.key) or (None, "")
        if figure is not None and not figure.wants_counting(now):
            return figure
        self._counter.count(question)
        self._files.mark(replace(figure or Figure(question, now), asked_at=now), state)
        found = self._files.get(question.key)
        return found[0] if found else Figure(question, now)
