"""Operators about time passing: their verdict on one value changes at known moments, and nowhere else.

An age is counted from an instant. An anniversary is a whole local day: of a date, of an instant's local date, or of a
day without a year (`--05-17`). 29 February is kept on 28 February in other years; the day itself is no anniversary.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from types import MappingProxyType
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from services.shared.conditions import instants
from services.shared.conditions.durations import parse_duration
from services.shared.conditions.instants import LAST, milliseconds, milliseconds_of
from services.shared.conditions.operators import as_instant
from services.shared.conditions.reading import ZONE_TRAIT, duration, window

LOOK_AHEAD = timedelta(days=1_096) // timedelta(milliseconds=1)
"""How far anniversaries are looked ahead for, in milliseconds: they have no end. Three years hold each of them."""

View = Mapping[str, Any]
_DAY_OF_YEAR = re.compile(r"--(\d{2})-(\d{2})", re.ASCII)
_LEAP_YEAR = 2_000


class Timing(Protocol):
    """A timed operator bound to its literal. `zone` is where the person's days begin."""

    def holds(self, seen: Any, now: int, zone: tzinfo) -> bool:
        """The verdict at `now` (ms)."""
        ...

    def moments(self, seen: Any, now: int, zone: tzinfo) -> Iterable[int]:
        """Every moment after `now` at which the verdict may change (ms; for anniversaries to LOOK_AHEAD)."""
        ...


@dataclass(frozen=True)
class Span:
    """Holds from the instant + `start` until the instant + `end`, both in milliseconds; `end` None is for ever.

    What would start or end beyond the calendar never holds."""

    start: int
    end: int | None

    def holds(self, seen: Any, now: int, zone: tzinfo) -> bool:
        at = milliseconds_of(seen)
        if at is None or at + max(self.start, self.end or 0) > LAST:
            return False
        return at + self.start <= now and (self.end is None or now < at + self.end)

    def moments(self, seen: Any, now: int, zone: tzinfo) -> Iterable[int]:
        at = milliseconds_of(seen)
        if at is None:
            return ()
        ends = (at + self.start,) if self.end is None else (at + self.start, at + self.end)
        return (end for end in ends if now < end <= LAST)


@dataclass(frozen=True)
class Anniversary:
    """Holds on the day and on the `days` local days before it."""

    days: int

    def holds(self, seen: Any, now: int, zone: tzinfo) -> bool:
        day = _day_of(seen, zone)
        if day is None:
            return False
        today = instants.moment(now).astimezone(zone).date()
        return any(
            0 <= (kept - today).days <= self.days for kept in _kept(day, range(today.year, today.year + 3))
        )

    def moments(self, seen: Any, now: int, zone: tzinfo) -> Iterable[int]:
        day = _day_of(seen, zone)
        if day is None:
            return
        year = instants.moment(now).astimezone(zone).year
        for kept in _kept(day, range(year - 1, year + 6)):
            for edge in (kept - timedelta(days=self.days), kept + timedelta(days=1)):
                at = milliseconds(datetime.combine(edge, time(), zone).astimezone(UTC))
                if now < at <= now + LOOK_AHEAD:
                    yield at


@dataclass(frozen=True)
class _Day:
    year: int | None
    month: int
    day: int


def _day_of(seen: Any, zone: tzinfo) -> _Day | None:
    if isinstance(seen, str):
        yearless = _DAY_OF_YEAR.fullmatch(seen)
        try:
            if yearless:
                born = date(_LEAP_YEAR, int(yearless[1]), int(yearless[2]))
                return _Day(None, born.month, born.day)
            if len(seen) == 10:
                born = date.fromisoformat(seen)
                return _Day(born.year, born.month, born.day)
        except ValueError:
            return None
    at = as_instant(seen)
    if at is None or not 2 <= at.year <= 9_990:
        return None
    born = at.astimezone(zone).date()
    return _Day(born.year, born.month, born.day)


def _kept(day: _Day, years: range) -> Iterator[date]:
    for year in years:
        if not max(day.year or 0, 2) < year <= 9_990:
            continue
        try:
            yield date(year, day.month, day.day)
        except ValueError:
            yield date(year, 2, 28)


def zone_in(view: View, named: str | None) -> tzinfo:
    """The time zone to count days in: the clause's own, the person's, the view's, or UTC."""
    chosen = (view.get("traits") or {}).get("timezone") if named == ZONE_TRAIT else named
    for candidate in (chosen, view.get("zone")):
        if isinstance(candidate, str) and candidate:
            try:
                return ZoneInfo(candidate)
            except (ValueError, OSError, KeyError):
                continue
    return UTC


@dataclass(frozen=True)
class TimedOperator:
    """How a literal is read into a timing; `schema` is the literal's JSON Schema."""

    read: Callable[[Any], Timing]
    schema: Mapping[str, Any]
    by_day: bool = False
    """It counts local days, so it needs a zone, and it has no last moment."""


def _anniversary(raw: Any) -> Timing:
    if raw == "today":
        return Anniversary(0)
    rule = 'must be "today" or {"within_next": whole days or weeks, at most P366D}'
    if not isinstance(raw, Mapping) or set(raw) != {"within_next"} or not isinstance(raw["within_next"], str):
        raise ValueError(rule)
    try:
        length = parse_duration(raw["within_next"])
    except ValueError as error:
        raise ValueError(rule) from error
    if length % timedelta(days=1) or length.days > 366:
        raise ValueError(rule)
    return Anniversary(length.days)


DURATION_SCHEMA: Mapping[str, Any] = {
    "type": "string",
    "pattern": r"^P(\d{1,6}W)?(\d{1,6}D)?(T(\d{1,7}H)?(\d{1,9}M)?(\d{1,10}S)?)?$",
}

TIMED: Mapping[str, TimedOperator] = MappingProxyType(
    {
        "older_than": TimedOperator(lambda raw: Span(duration(raw), None), DURATION_SCHEMA),
        "within": TimedOperator(lambda raw: Span(0, duration(raw)), DURATION_SCHEMA),
        "within_next": TimedOperator(lambda raw: Span(-window(raw), 0), DURATION_SCHEMA),
        "anniversary": TimedOperator(
            _anniversary,
            {
                "anyOf": [
                    {"const": "today"},
                    {
                        "type": "object",
                        "required": ["within_next"],
                        "additionalProperties": False,
                        "properties": {
                            "within_next": {"type": "string", "pattern": r"^P(\d{1,6}W)?(\d{1,6}D)?$"}
                        },
                    },
                ]
            },
            by_day=True,
        ),
    }
)
"""Operators whose verdict time alone can change. A property of an event is never held against them, only what is kept
of it."""
