"""When: local times, open hours, offsets, and what a pause does to a due time.

A local time that the clocks skip is read with the offset before the gap (RFC 5545, 3.3.5), one that comes twice is the
first. Doors that would open in the gap open at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from services.journeys.domain.cohort import round_up
from services.journeys.domain.document import Document
from services.journeys.domain.parts import OpenHours
from services.shared.conditions import parse_duration

REGROUPING = timedelta(minutes=1)
"""People of a journey with an admission window whose own times lie this near to each other travel on together."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pause:
    """An interval in which a journey stands still (`hold`), or goes on without sending (`drop`); without `end` it
    lasts."""

    start: datetime
    end: datetime | None
    policy: Literal["hold", "drop"]

    def covers(self, at: datetime) -> bool:
        return self.start <= at and (self.end is None or at < self.end)


def paused(pauses: Iterable[Pause], now: datetime) -> Pause | None:
    """The pause that is on; of several one that holds."""
    on = [pause for pause in pauses if pause.covers(now)]
    return min(on, key=lambda pause: pause.policy != "hold", default=None)


def due_after_pauses(due: datetime, since: datetime, pauses: Iterable[Pause], now: datetime) -> datetime:
    """When a wait from `since` to `due` is over if it does not run while a pause holds; a pause that is still on
    has lasted until `now`."""
    held = sorted((p.start, now if p.end is None else p.end) for p in pauses if p.policy == "hold")
    left, at = due - since, since
    for start, end in held:
        if end <= at:
            continue
        if at + left <= max(start, at):
            break
        left -= max(start - at, timedelta(0))
        at = end
    return at + left


def regrouped_at(document: Document, due: datetime) -> datetime:
    """When people whose own times differ by little go on together; never before `due`."""
    window = min(document.admission, REGROUPING)
    return round_up(due, window) if window else due


def instant_of(value: Any, zone: ZoneInfo) -> datetime | None:
    """The instant that a date says: ISO 8601, in `zone` where it names none, a day's midnight; `None`: it says none."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else resolve(value, zone)
    if not isinstance(value, str) or not 10 <= len(value) <= 40:
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo else resolve(at, zone)
    except (ValueError, OverflowError):
        return None


def resolve(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a local time."""
    return local.replace(tzinfo=zone).astimezone(UTC)


def moved(at: datetime, offset: str | None, zone: ZoneInfo) -> datetime:
    """`at` and an ISO 8601 offset: whole days on the local calendar, the rest on the clock."""
    if offset is None:
        return at
    length = parse_duration(offset.removeprefix("-"))
    days, rest = timedelta(days=length.days), timedelta(seconds=length.seconds)
    sign = -1 if offset.startswith("-") else 1
    return resolve(at.astimezone(zone).replace(tzinfo=None) + sign * days, zone) + sign * rest


def on_that_day(at: datetime, clock: time, zone: ZoneInfo) -> datetime:
    """The local time `clock` of the day that `at` is on."""
    return resolve(datetime.combine(at.astimezone(zone).date(), clock), zone)


def next_time(at: datetime, clock: time, zone: ZoneInfo) -> datetime:
    """The first instant from `at` on when it is `clock`."""
    today = on_that_day(at, clock, zone)
    return today if today >= at else on_that_day(at + _A_DAY, clock, zone)


def is_open(hours: OpenHours, at: datetime, zone: ZoneInfo) -> bool:
    """Are the doors open? They close at `end`."""
    local = at.astimezone(zone)
    return _DAYS[local.weekday()] in hours.days and hours.start <= local.time() < hours.end


def next_open(hours: OpenHours, at: datetime, zone: ZoneInfo) -> datetime:
    """The first instant from `at` on when the doors are open."""
    if is_open(hours, at, zone):
        return at
    return min(one for one in _openings(hours, at, zone) if one >= at and is_open(hours, one, zone))


def _openings(hours: OpenHours, at: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Every opening of the coming fortnight: whatever the clocks do, one of each weekday is among them."""
    first = at.astimezone(zone).date()
    for day in range(15):
        local = datetime.combine(first + timedelta(days=day), hours.start, zone)
        for fold in (0, 1):
            opening = local.replace(fold=fold).astimezone(UTC)
            yield opening
            yield _end_of_gap(local, zone)


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """Where the clocks skip `local`, the instant at which they do; else that of `local` itself."""
    low, high = local.replace(fold=1).astimezone(UTC), local.replace(fold=0).astimezone(UTC)
    if low >= high:
        return high
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
