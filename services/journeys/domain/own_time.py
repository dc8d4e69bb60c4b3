"""When a `WaitUntil` is over for one person."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from services.journeys.domain.document import Document
from services.journeys.domain.knowing import known, zone_of
from services.journeys.domain.moves import Seen, Walker
from services.journeys.domain.nodes import WaitUntil, parse_instant
from services.journeys.domain.timing import (
    instant_of,
    moved,
    next_open,
    next_time,
    on_that_day,
    regrouped_at,
    resolve,
)


def due_of(document: Document, node: WaitUntil, walker: Walker, seen: Seen, at: datetime) -> datetime | None:
    """The instant, not before `at`, until which somebody waits who is at `node` at `at`; `None`: the date is not known.

    The date (moved by `offset`, put at `at` of its day) is rounded up to where people of neighbouring times travel on
    together; then the doors must be open.
    """
    zone = zone_of(document, node, seen)
    due = _date(node, walker, seen, zone, at)
    if due is None:
        return None
    due = regrouped_at(document, due) if due > at else at
    return next_open(node.hours, due, zone) if node.hours else due


def reopening(document: Document, node: WaitUntil, seen: Seen, at: datetime) -> datetime:
    """When somebody whose wait is over at `at` may go on: whoever comes late (a pause, an outage) may find the doors
    shut again."""
    return next_open(node.hours, at, zone_of(document, node, seen)) if node.hours else at


def _date(node: WaitUntil, walker: Walker, seen: Seen, zone: ZoneInfo, at: datetime) -> datetime | None:
    if node.date is None:
        return next_time(at, node.at, zone) if node.at else at
    if node.known_as is None:
        date: datetime | None = resolve(parse_instant(node.date), zone)
    else:
        date = instant_of(known(node.date, walker, seen), zone)
    if date is None:
        return None
    date = moved(date, node.offset, zone)
    return on_that_day(date, node.at, zone) if node.at else date
