"""Computed facts: counts, sums, first and last, so the order in which events arrive makes no difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from services.shared.clock import to_iso
from services.shared.contracts.ingest import CustomerEvent

ORDER = "track:Order Completed"
REFUND = "track:Order Refunded"

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

FACTS = frozenset({*COUNT_FACTS.values(), "revenue", "average_basket", "first_order_at", "last_order_at"})
"""Every fact a condition may name."""

MAX_CENTS = 10**14
"""An amount over this (a trillion) is noise, not money."""


@dataclass(frozen=True)
class Tally:
    """What events add up to. `counts` is by event key (`track:Order Completed`); money is in whole cents."""

    counts: Mapping[str, int] = field(default_factory=dict)
    revenue_cents: int = 0
    first_order_at: str = ""
    last_order_at: str = ""

    def facts(self) -> dict[str, Any]:
        """The facts as conditions and consumers see them: money with two decimals, instants in ISO 8601.

        Counts and revenue are always there; what needs an order appears with the first one.
        """
        facts: dict[str, Any] = {fact: self.counts.get(event, 0) for event, fact in COUNT_FACTS.items()}
        facts["revenue"] = self.revenue_cents / 100
        if orders := facts["orders"]:
            basket = (Decimal(self.revenue_cents) / orders).quantize(Decimal(1), ROUND_HALF_UP)
            facts["average_basket"] = int(basket) / 100
            facts["first_order_at"] = self.first_order_at
            facts["last_order_at"] = self.last_order_at
        return facts


def event_key(event: CustomerEvent) -> str:
    """The key an event is counted under: its type and name."""
    return f"{event.type}:{event.name}"


def fold(tally: Tally, event: CustomerEvent, counted: frozenset[str]) -> Tally:
    """The tally with one more event; `counted` are the keys that score rules need beside the facts' own."""
    key = event_key(event)
    if key == REFUND:
        refund = abs(_cents(event.properties))
        tally = Tally(tally.counts, tally.revenue_cents - refund, tally.first_order_at, tally.last_order_at)
    if key not in COUNT_FACTS and key not in counted:
        return tally
    counts = {**tally.counts, key: tally.counts.get(key, 0) + 1}
    if key != ORDER:
        return Tally(counts, tally.revenue_cents, tally.first_order_at, tally.last_order_at)
    at = to_iso(event.at)
    return Tally(
        counts,
        tally.revenue_cents + _cents(event.properties),
        min(tally.first_order_at or at, at),
        max(tally.last_order_at, at),
    )


def _cents(properties: Mapping[str, Any]) -> int:
    """`revenue` (or, without it, `total`) in cents; what is no amount counts as nothing."""
    amount = properties.get("revenue", properties.get("total"))
    if isinstance(amount, bool) or not isinstance(amount, int | float | str | Decimal):
        return 0
    try:
        cents = Decimal(str(amount)) * 100
        if not cents.is_finite() or abs(cents) > MAX_CENTS:
            return 0
        return int(cents.quantize(Decimal(1), ROUND_HALF_UP))
    except InvalidOperation:
        return 0
