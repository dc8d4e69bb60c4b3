"""Computed facts: counts, sums, first and last, so the order in which events arrive makes no difference.

`orders` (frequency): `Order Completed`, once an order id, less those with an `Order Cancelled` of the same id.
`revenue` (monetary): their `revenue` (or `total`), less `Order Refunded` (its amount; without one, the whole order that
it names), plus `Account Adjusted` with its sign; in the one currency of the shop.
`average_basket`: `revenue` / `orders`, to the cent.
`promo_share`: orders with a coupon or a discount, on the order or on a line / `orders`, to 4 places.
`first_order_at`, `last_order_at`: of the orders that count. `first_seen_at`: the earliest event of any kind.
`emails_opened`, `emails_clicked`, `emails_bounced`, `unsubscribes`: events.

Recency is the age of `last_order_at`, tenure that of `first_order_at` (as a customer) or `first_seen_at` (as anybody):
conditions ask for them by `older_than` and `within`, so that time alone changes the answer and nobody recomputes it.

An order is known by its id among the person's newest `orders.REMEMBERED`; what is said of an older one undoes nothing,
except an amount given back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any

from services.scoring.domain.orders import Book, cents_of
from services.shared.clock import to_iso
from services.shared.contracts.ingest import CustomerEvent

ORDER = "track:Order Completed"
REFUND = "track:Order Refunded"
CANCELLATION = "track:Order Cancelled"
ADJUSTMENT = "track:Account Adjusted"

COUNT_FACTS: Mapping[str, str] = MappingProxyType(
    {
        ORDER: "orders",
        "track:Email Opened": "emails_opened",
        "track:Email Link Clicked": "emails_clicked",
        "track:Email Bounced": "emails_bounced",
        "track:Unsubscribed": "unsubscribes",
    }
)
"""Which event counts as which fact."""

FACTS = frozenset(
    {
        *COUNT_FACTS.values(),
        *("revenue", "average_basket", "promo_share"),
        *("first_order_at", "last_order_at", "first_seen_at"),
    }
)
"""Every fact a condition may name."""


@dataclass(frozen=True)
class Tally:
    """What events add up to. `counts` is by event key (`track:Order Completed`) and counts every event, cancelled
    orders too: points are given for what people do."""

    counts: Mapping[str, int] = field(default_factory=dict)
    book: Book = field(default_factory=Book)
    first_seen_at: str = ""

    @property
    def revenue_cents(self) -> int:
        """The fact `revenue` in cents."""
        return self.book.sums().net

    def facts(self) -> dict[str, Any]:
        """The facts as conditions and consumers see them: money with two decimals, instants in ISO 8601.

        Counts and revenue are always there; what needs an order appears with the first one that counts.
        """
        facts: dict[str, Any] = {fact: self.counts.get(event, 0) for event, fact in COUNT_FACTS.items()}
        sums = self.book.sums()
        orders = facts["orders"] = facts["orders"] - sums.uncounted
        facts["revenue"] = sums.net / 100
        if orders > 0:
            basket = (Decimal(sums.net) / orders).quantize(Decimal(1), ROUND_HALF_UP)
            facts["average_basket"] = int(basket) / 100
            facts["promo_share"] = round(sums.promo / orders, 4)
            facts["first_order_at"] = sums.first_at
            facts["last_order_at"] = sums.last_at
        if self.first_seen_at:
            facts["first_seen_at"] = self.first_seen_at
        return facts


def event_key(event: CustomerEvent) -> str:
    """The key an event is counted under: its type and name."""
    return f"{event.type}:{event.name}"


def fold(tally: Tally, event: CustomerEvent, counted: frozenset[str]) -> Tally:
    """The tally with one more event, or `tally` itself when the event changes nothing; `counted` are the keys that
    score rules need beside the facts' own."""
    key, at = event_key(event), to_iso(event.at)
    seen = min(tally.first_seen_at or at, at)
    book = _booked(tally.book, key, event.at, event.properties)
    counts = tally.counts
    if key in COUNT_FACTS or key in counted:
        counts = {**counts, key: counts.get(key, 0) + 1}
    if counts is tally.counts and book is tally.book and seen == tally.first_seen_at:
        return tally
    return Tally(counts, book, seen)


def _booked(book: Book, key: str, at: datetime, properties: Mapping[str, Any]) -> Book:
    if key == ORDER:
        return book.placed(at, properties)
    if key == REFUND:
        return book.refunded(at, properties)
    if key == CANCELLATION:
        return book.cancelled(at, properties)
    if key == ADJUSTMENT:
        return book.adjusted(cents_of(properties) or 0)
    return book
