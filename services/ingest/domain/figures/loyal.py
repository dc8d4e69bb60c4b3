"""Loyal customers against new ones: what they spend, how often, whether they stay, and whom they bring."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.ingest.domain.happenings import Happening
from services.shared.statistics import NOBODY, Share


@dataclass(frozen=True)
class Buyer:
    """Somebody with their orders (moment and amount), and the moments at which they referred somebody; in any order."""

    person: str
    orders: Sequence[tuple[datetime, float]]
    referrals: Sequence[datetime] = ()


@dataclass(frozen=True)
class Group:
    """What people did in the period: `people`, their `orders` and what these came to; `stayed` are those who ordered
    at all, `referred` those who referred somebody."""

    people: int = 0
    orders: int = 0
    revenue: float = 0.0
    stayed: Share = NOBODY
    referred: Share = NOBODY

    @property
    def basket(self) -> float:
        """What an order comes to; 0 without any."""
        return self.revenue / self.orders if self.orders else 0.0

    @property
    def frequency(self) -> float:
        """Orders a person; 0 of nobody."""
        return self.orders / self.people if self.people else 0.0

    @property
    def churned(self) -> Share:
        """Those who did not order."""
        return Share(self.stayed.of - self.stayed.hits, self.stayed.of)

    def __add__(self, other: Group) -> Group:
        return Group(
            self.people + other.people,
            self.orders + other.orders,
            self.revenue + other.revenue,
            self.stayed + other.stayed,
            self.referred + other.referred,
        )


@dataclass(frozen=True)
class Compared:
    """Customers of the day, each in exactly one group."""

    loyal: Group
    new: Group


def buyers(happenings: Iterable[Happening], order: str, referral: str) -> list[Buyer]:
    """Everybody with an event `order`, and those of them who have one of `referral`."""
    orders: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
    referrals: dict[str, list[datetime]] = defaultdict(list)
    for one in happenings:
        if one.name == order:
            orders[one.person].append((one.at, one.amount))
        elif one.name == referral:
            referrals[one.person].append(one.at)
    return [Buyer(person, bought, referrals.get(person, ())) for person, bought in orders.items()]


def compare(people: Iterable[Buyer], day: datetime, period: timedelta, loyal_from: int) -> Compared:
    """What customers did in the `period` after `day`: loyal are those with `loyal_from` orders or more by then, new
    those with fewer. Who had none by then is no customer yet."""
    loyal, new = Group(), Group()
    for one in people:
        before = sum(at <= day for at, _ in one.orders)
        if not before:
            continue
        group = _group(one, day, day + period)
        if before >= loyal_from:
            loyal += group
        else:
            new += group
    return Compared(loyal, new)


def _group(one: Buyer, after: datetime, until: datetime) -> Group:
    bought = [amount for at, amount in one.orders if after < at <= until]
    referred = any(after < at <= until for at in one.referrals)
    return Group(1, len(bought), sum(bought), Share(int(bool(bought)), 1), Share(int(referred), 1))
