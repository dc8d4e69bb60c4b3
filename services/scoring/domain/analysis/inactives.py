"""Report of the inactive: how large their share is, how many come back, and whether they convert better than prospects,
by the month in which people came."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.scoring.domain.analysis.evidence import NOBODY, Share, p_differs


@dataclass(frozen=True)
class Customer:
    """Somebody first seen at `joined`, and the instants of their orders in any order."""

    person: str
    joined: datetime
    orders: Sequence[datetime] = ()


@dataclass(frozen=True)
class Cohort:
    """Those who joined in a month (`1997-01`; of all months `""`), each in exactly one share: `prospects` never bought
    by the day of the report, `inactive` bought too long ago, `active` not. `hits` are those who bought in the period
    after it: converted, reactivated, bought again."""

    month: str
    prospects: Share = NOBODY
    inactive: Share = NOBODY
    active: Share = NOBODY

    @property
    def people(self) -> int:
        """Everybody in it."""
        return self.prospects.of + self.inactive.of + self.active.of

    @property
    def share_inactive(self) -> Share:
        """The inactive among the customers."""
        return Share(self.inactive.of, self.inactive.of + self.active.of)

    def __add__(self, other: Cohort) -> Cohort:
        return Cohort(
            self.month,
            self.prospects + other.prospects,
            self.inactive + other.inactive,
            self.active + other.active,
        )


@dataclass(frozen=True)
class Report:
    """Cohorts, the oldest first, and all of them together. `p` is how probable so great a difference between the
    conversion of inactive and prospects is by chance; 1 if one of them is nobody."""

    cohorts: tuple[Cohort, ...]
    total: Cohort
    p: float


def report(
    customers: Iterable[Customer], day: datetime, inactive_after: timedelta, period: timedelta
) -> Report:
    """How things stood on `day`, and who bought in the `period` after it. Whoever joined later is not in it."""
    cohorts: dict[str, Cohort] = {}
    for one in customers:
        if one.joined <= day:
            month = one.joined.strftime("%Y-%m")
            cohorts[month] = cohorts.get(month, Cohort(month)) + _counted(one, day, inactive_after, period)
    rows = tuple(cohorts[month] for month in sorted(cohorts))
    total = sum(rows, Cohort(""))
    return Report(rows, total, p_differs(total.inactive, total.prospects))


def _counted(one: Customer, day: datetime, inactive_after: timedelta, period: timedelta) -> Cohort:
    orders = sorted(one.orders)
    before = bisect_right(orders, day)
    share = Share(int(bisect_right(orders, day + period) > before), 1)
    if not before:
        return Cohort("", prospects=share)
    if orders[before - 1] <= day - inactive_after:
        return Cohort("", inactive=share)
    return Cohort("", active=share)
