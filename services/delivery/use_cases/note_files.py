"""What providers report by the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol

from services.delivery.domain.envelopes import reports_in_file
from services.delivery.domain.feedback import read_feedback
from services.delivery.use_cases.note_feedback import UNKEPT, NoteFeedback


class ReportFiles(Protocol):
    """Where they are until they are noted."""

    def read(self, key: str) -> str | None:
        """What a file holds; `None`: it is gone."""
        ...

    def forget(self, key: str) -> None:
        """Remove it; again is the same."""
        ...


class ReportQueue(Protocol):
    """The queue of reports."""

    def put(self, report: Mapping[str, Any]) -> None:
        """Have it noted by itself."""
        ...


class NoteFiles:
    """Notes every report of a file and then removes it, because there are addresses in it. One that can't be noted, or
    not yet, is left to the queue of reports, which tries again and keeps for people what nobody can read."""

    def __init__(self, *, files: ReportFiles, noting: NoteFeedback, queue: ReportQueue) -> None:
        self._files = files
        self._noting = noting
        self._queue = queue

    def note(self, key: str) -> Counter[str]:
        """Note a file, any number of times; how many reports of each kind.

        Raises:
            UnknownFeedback: it holds something else. It stays where it is.
        """
        counts: Counter[str] = Counter()
        text = self._files.read(key)
        if text is None:
            return counts
        for report in reports_in_file(text):
            try:
                kind = self._noting.note(read_feedback(report))
                counts[kind] += 1
                if kind == UNKEPT:
                    self._queue.put(report)
            except Exception as error:  # one report must not have all others of the file noted again
                self._queue.put(report)
                counts[f"error_{type(error).__name__}"] += 1
        self._files.forget(key)
        return counts
