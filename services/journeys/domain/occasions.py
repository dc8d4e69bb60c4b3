"""When many are to be met at once: the moments of a schedule, each of which is one run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.journeys.domain.recurrence import recurrence
from services.journeys.domain.timing import resolve

EARLIEST = "Etc/GMT-14"
"""The zone where any local time comes first: a run whose people are met at their own local time begins by it."""

_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Moment:
    """`local` is what the schedule says, `at` the instant."""

    local: datetime
    at: datetime

    @property
    def stamp(self) -> str:
        """Names the moment among those of its schedule, whatever the clocks do."""
        return f"{self.local:%Y%m%dT%H%M}"


def moments(start: str, rule: str | None, zone: str, after: datetime, until: datetime) -> list[Moment]:
    """The moments of a schedule after `after` and not after `until`, in their order.

    A local time that the clocks skip is read with the offset before the gap, one that comes twice is the first
    (RFC 5545, 3.3.5); moments that fall together so are one.
    """
    place = ZoneInfo(zone)
    first, last = _local(after, place) - _A_DAY, _local(until, place) + _A_DAY
    found: dict[datetime, Moment] = {}
    for local in _locals(start, rule, first, last):
        at = resolve(local, place)
        if after < at <= until:
            found.setdefault(at, Moment(local, at))
    return [found[at] for at in sorted(found)]


def upcoming(start: str, rule: str | None, zone: str, after: datetime) -> Moment | None:
    """The first moment of a schedule after `after`; `None`: it is over."""
    place = ZoneInfo(zone)
    comes = recurrence(start, rule)
    local = (
        datetime.fromisoformat(start)
        if comes is None
        else comes.after(_local(after, place) - _A_DAY, inc=True)
    )
    while local is not None:
        at = resolve(local, place)
        if at > after:
            return Moment(local, at)
        local = None if comes is None else comes.after(local)
    return None


def _locals(start: str, rule: str | None, first: datetime, last: datetime) -> Iterator[datetime]:
    comes = recurrence(start, rule)
    if comes is None:
        yield from (one for one in [datetime.fromisoformat(start)] if first <= one <= last)
    else:
        yield from comes.between(first, last, inc=True)


def _local(at: datetime, place: ZoneInfo) -> datetime:
    return at.astimezone(place).replace(tzinfo=None)
