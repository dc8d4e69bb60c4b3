"""Orders as they stand: placed, refunded, cancelled, in whatever order one hears of it.

The newest orders are remembered one by one under their id, so that what is said of an order later (or earlier) finds
it. An order pushed out by newer ones is settled: it counts as it then stood.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from services.shared.clock import to_iso

REMEMBERED = 8
"""Orders a person's book holds: with it, a standing stays under 1 KB."""

MAX_CENTS = 10**14
"""An amount over this (a trillion) is noise, not money."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Order:
    """What was said of one order id; `at` (ms since 1970) is the order's own time, or that of what was said of it
    while the order itself is not known. `told` counts how often it was said to be placed: that is once an order.

    `refunded` are the cents given back; `returned`: all of it, whatever that was.
    """

    at: int
    told: int = 0
    cents: int = 0
    promo: bool = False
    refunded: int = 0
    returned: bool = False
    cancelled: bool = False

    @property
    def stands(self) -> bool:
        """Is it an order that counts?"""
        return self.told > 0 and not self.cancelled

    @property
    def net(self) -> int:
        """What it brought, in cents; of an unknown order, what it cost."""
        return 0 if self.cancelled or self.returned else self.cents - self.refunded


@dataclass(frozen=True)
class Sums:
    """What orders add up to: `net` cents, those bought with a `promo`, tellings that do not count, first and last
    moment (ISO, empty where there is none)."""

    net: int = 0
    promo: int = 0
    uncounted: int = 0
    first_at: str = ""
    last_at: str = ""

    def with_orders(self, orders: Collection[Order]) -> Sums:
        """These and more."""
        if not orders:
            return self
        standing = [order for order in orders if order.stands]
        first_at, last_at = self.first_at, self.last_at
        if standing:
            first, last = (_iso(pick(order.at for order in standing)) for pick in (min, max))
            first_at, last_at = min(first_at or first, first), max(last_at, last)
        return Sums(
            net=self.net + sum([order.net for order in orders]),
            promo=self.promo + sum([order.promo for order in standing]),
            uncounted=self.uncounted + sum([order.told for order in orders]) - len(standing),
            first_at=first_at,
            last_at=last_at,
        )


@dataclass(frozen=True)
class Book:
    """`settled` orders in sum, and the newest ones by key."""

    settled: Sums = field(default_factory=Sums)
    orders: Mapping[str, Order] = field(default_factory=lambda: MappingProxyType({}))

    def sums(self) -> Sums:
        """All of them together."""
        return self.settled.with_orders(self.orders.values())

    def placed(self, at: datetime, properties: Mapping[str, Any]) -> Book:
        """With an order. The same id again is the same order, as it was told last (an order of a shop may come
        from its ERP too)."""
        told = Order(_milliseconds(at), 1, cents_of(properties) or 0, has_promo(properties))
        key = order_key(properties)
        if not key:
            return Book(self.settled.with_orders([told]), self.orders)
        known = self.orders.get(key)
        if known is None:
            return self._keep(key, told)
        newest = max(told, known, key=lambda order: (order.told > 0, order.at, order.cents, order.promo))
        placed = replace(known, at=newest.at, told=known.told + 1, cents=newest.cents, promo=newest.promo)
        return self._keep(key, placed)

    def refunded(self, at: datetime, properties: Mapping[str, Any]) -> Book:
        """With money given back: the amount that is named, or else the whole order that is."""
        amount, key = cents_of(properties), order_key(properties)
        if not key:
            return self.adjusted(-abs(amount or 0))
        known = self._mentioned(key, at)
        if amount is None:
            return self._keep(key, replace(known, returned=True))
        return self._keep(key, replace(known, refunded=known.refunded + abs(amount)))

    def cancelled(self, at: datetime, properties: Mapping[str, Any]) -> Book:
        """Without an order that never was; one without an id undoes nothing, because nobody knows which."""
        key = order_key(properties)
        return self._keep(key, replace(self._mentioned(key, at), cancelled=True)) if key else self

    def adjusted(self, cents: int) -> Book:
        """With money that belongs to no order."""
        return Book(replace(self.settled, net=self.settled.net + cents), self.orders)

    def _mentioned(self, key: str, at: datetime) -> Order:
        known, moment = self.orders.get(key, Order(0)), _milliseconds(at)
        return known if known.told else replace(known, at=max(known.at, moment))

    def _keep(self, key: str, order: Order) -> Book:
        orders = {**self.orders, key: order}
        settled = self.settled
        if len(orders) > REMEMBERED:
            oldest = min(orders, key=lambda k: (orders[k].at, k))
            settled = settled.with_orders([orders.pop(oldest)])
        return Book(settled, orders)


def order_key(properties: Mapping[str, Any]) -> str:
    """What stands for `order_id` in a book (32 bits of its SHA-256), or empty where there is none."""
    order_id = properties.get("order_id")
    if isinstance(order_id, bool) or not isinstance(order_id, str | int) or order_id == "":
        return ""
    return hashlib.sha256(str(order_id).encode(errors="surrogatepass")).hexdigest()[:8]


def cents_of(properties: Mapping[str, Any]) -> int | None:
    """`revenue` (or, without it, `total`) in cents; `None` where there is no amount or it is none."""
    return amount_of(properties.get("revenue", properties.get("total")))


def amount_of(amount: Any) -> int | None:
    """An amount of money in cents; `None` where it is none."""
    if isinstance(amount, bool) or not isinstance(amount, int | float | str | Decimal):
        return None
    try:
        cents = Decimal(str(amount)) * 100
        if not cents.is_finite() or abs(cents) > MAX_CENTS:
            return None
        return int(cents.quantize(Decimal(1), ROUND_HALF_UP))
    except InvalidOperation:
        return None


def has_promo(properties: Mapping[str, Any]) -> bool:
    """Was it bought with a coupon or at a discount, in whole or in a line?"""
    products = properties.get("products")
    lines = products if isinstance(products, list) else []
    return any(
        _nonempty(line.get("coupon")) or _positive(line.get("discount"))
        for line in (properties, *lines)
        if isinstance(line, Mapping)
    )


def _nonempty(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _positive(value: Any) -> bool:
    return (cents_of({"revenue": value}) or 0) > 0


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND


def _iso(milliseconds: int) -> str:
    return to_iso(_EPOCH + milliseconds * _MILLISECOND)
