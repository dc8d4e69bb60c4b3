"""What providers report by the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from services.delivery.domain.envelopes import reports_in_file
from services.delivery.domain.feedback import UnknownFeedback, read_feedback
from services.delivery.use_cases.note_feedback import UNKEPT, NoteFeedback
from services.shared.aws.parallel import done, each

PORTION = 200
"""Reports that are in hand at a time: a file may be many times as large as was asked for."""


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
            UnknownFeedback: it holds something else. It stays where it is, and what could be read of it is noted.
        """
        counts: Counter[str] = Counter()
        text = self._files.read(key)
        if text is None:
            return counts
        for portion in _portions(reports_in_file(text)):
            counts.update(done(each(self._note, portion)))
        self._files.forget(key)
        return counts

    def _note(self, report: Mapping[str, Any]) -> str:
        try:
            kind = self._noting.note(read_feedback(report))
            if kind == UNKEPT:
                self._queue.put(report)
            return kind
        except Exception as error:  # one report must not have all others of the file noted again
            self._queue.put(report)
            return f"error_{type(error).__name__}"


def _portions(reports: Iterator[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """In the order of the file. Where it can't be read on, what came before goes first."""
    portion: list[Mapping[str, Any]] = []
    try:
        for report in reports:
            portion.append(report)
            if len(portion) == PORTION:
                yield portion
                portion = []
    except UnknownFeedback:
        yield portion
        raise
    yield portion
