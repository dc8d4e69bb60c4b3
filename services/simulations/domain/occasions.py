"""Occasions on which a journey meets everybody of a segment: moments of a schedule, and what happens in the world."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from services.journeys.domain.document import Document
from services.journeys.domain.entries import Schedule, ScheduleWay, WorldWay
from services.journeys.domain.recurrence import recurrence
from services.journeys.domain.timing import resolve


def next_moment(document: Document, after: datetime) -> datetime | None:
    """When a schedule of the journey comes next; `None`: none does."""
    ways = [way for way in document.entry.on if isinstance(way, ScheduleWay)]
    return min((at for way in ways if (at := _next(way.schedule, after))), default=None)


def segments_at(document: Document, at: datetime) -> list[str]:
    """The segments that a schedule of the journey is about at just that moment."""
    ways = [way for way in document.entry.on if isinstance(way, ScheduleWay)]
    before = at.replace(microsecond=0)
    return [way.segment for way in ways if _is_moment(way.schedule, before)]


def segments_of(document: Document, event: str) -> list[str]:
    """The segments that the journey meets when something of a kind happens in the world."""
    return [
        way.segment for way in document.entry.on if isinstance(way, WorldWay) and way.world_event == event
    ]


def _next(schedule: Schedule, after: datetime) -> datetime | None:
    zone = ZoneInfo(schedule.zone)
    rule = recurrence(schedule.start, schedule.rule)
    local: datetime | None = datetime.fromisoformat(schedule.start)
    if rule is not None:
        local = rule.after(after.astimezone(zone).replace(tzinfo=None))
    at = resolve(local, zone) if local is not None else None
    return at if at is not None and at > after else None


def _is_moment(schedule: Schedule, at: datetime) -> bool:
    zone = ZoneInfo(schedule.zone)
    local = at.astimezone(zone).replace(tzinfo=None)
    rule = recurrence(schedule.start, schedule.rule)
    if rule is None:
        return local == datetime.fromisoformat(schedule.start)
    return bool(rule.between(local, local, inc=True))
