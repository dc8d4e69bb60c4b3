"""What of scoring's definitions a journey names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from services.journeys.domain.document import Document
from services.journeys.domain.ends import ExitOnSegment
from services.journeys.domain.entries import (
    CellWay,
    ScheduleWay,
    SegmentEntered,
    SegmentExited,
    StageWay,
    WorldWay,
)
from services.journeys.domain.listening import looked_at, watched
from services.shared.conditions import parse

Named = tuple[str, str]
"""A kind, as conditions call it (segment, score, stage, fit, cell), and a name."""


def named_by(document: Document) -> list[Named]:
    """Everything, conditions that scoring watches for the journey included."""
    found = {*places_of(document), *_in_conditions([*looked_at(document), *watched(document)])}
    return sorted(found)


def judged_by(document: Document) -> Iterator[Named]:
    """What the journey looks at itself."""
    yield from places_of(document)
    yield from _in_conditions(looked_at(document))


def places_of(document: Document) -> Iterator[Named]:
    """Where people come from or go to."""
    for way in document.entry.on:
        if isinstance(way, SegmentEntered):
            yield "segment", way.segment_entered
        elif isinstance(way, SegmentExited):
            yield "segment", way.segment_exited
        elif isinstance(way, ScheduleWay | WorldWay):
            yield "segment", way.segment
        elif isinstance(way, StageWay):
            yield "stage", way.stage
        elif isinstance(way, CellWay):
            yield "cell", way.cell
    yield from (("segment", one.segment_exited) for one in document.exit_on if isinstance(one, ExitOnSegment))
    if document.stages:
        yield "stage", document.stages.lifecycle


def _in_conditions(conditions: Iterable[Mapping[str, Any]]) -> Iterator[Named]:
    for when in conditions:
        yield from ((one.kind, one.name) for one in parse(when).references())
