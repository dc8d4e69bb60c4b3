"""Counting a figure over the lake."""

from __future__ import annotations

from dataclasses import replace

from services.ingest.domain.figures.figure import Figure
from services.ingest.domain.figures.questions import Question, counted, events_of
from services.ingest.domain.happenings import Happening, happened
from services.ingest.domain.lake import happened_once
from services.ingest.figures.ports import FigureFiles, Happened, Redirects
from services.shared.clock import Clock


class FigureCounter:
    """Each event is that of the person it belongs to today: an absorbed profile's are its winner's."""

    def __init__(self, *, lake: Happened, redirects: Redirects, files: FigureFiles, clock: Clock) -> None:
        self._lake = lake
        self._redirects = redirects
        self._files = files
        self._clock = clock

    def count(self, question: Question) -> int:
        """Keep the answer; how many events it is made of.

        Raises:
            ManifestMoved: a day kept changing; to be asked again.
        """
        now = self._clock.now()
        found = self._happenings(question)
        self._files.put(Figure(question, now, self._clock.now(), counted(question, found)))
        return len(found)

    def _happenings(self, question: Question) -> list[Happening]:
        lines = self._lake.lines(names=events_of(question))
        found = [happened(line) for line in happened_once(lines)]
        leads = self._redirects.leads({one.person for one in found})
        return [_now_of(one, leads[one.person]) for one in found]


def _now_of(one: Happening, person: str) -> Happening:
    return one if one.person == person else replace(one, person=person)
