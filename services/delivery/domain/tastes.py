"""What a person has and what they look at, by their own events: the same in whatever order and however often those
come."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from services.shared.contracts.ingest import CustomerEvent, ProfileChange

LOOKED: Mapping[str, int] = {
    "Product Viewed": 1,
    "Product Clicked": 2,
    "Email Link Clicked": 2,
    "Product Added": 3,
    "Product Added to Wishlist": 3,
}
"""Events (Segment's names) that show interest in the product they name, and how much."""

BOUGHT = frozenset({"Order Completed"})
RETURNED = frozenset({"Order Refunded", "Order Cancelled", "Product Returned"})

HALF_LIFE_DAYS = 14.0
"""Interest of two weeks ago counts half."""

MOST_HAD = 200
MOST_LOOKS = 30
"""Products and looks that are remembered, the newest."""


@dataclass(frozen=True, order=True)
class Look:
    """One look at a product; `at` in ms since 1970, `key` of the event that told it."""

    at: int
    key: str
    product: str
    category: str
    weight: int


class Interest(NamedTuple):
    """How much of it there is in each product and in each category that was looked at."""

    products: dict[str, float]
    categories: dict[str, float]


@dataclass(frozen=True)
class Taste:
    """`had`: by product, when it was last bought or given back (ms), and whether it was given back. `bought_at` is the
    last order, of whatever. `since` is that of the history it was learned from, `revision` counts writes."""

    had: Mapping[str, tuple[int, bool]] = field(default_factory=dict)
    looks: tuple[Look, ...] = ()
    bought_at: int = 0
    since: int = 0
    revision: int = 0

    def owned(self) -> list[str]:
        """Products that the person has, the last bought first."""
        kept = [(at, product) for product, (at, returned) in self.had.items() if not returned]
        return [product for _, product in sorted(kept, reverse=True)]

    def interest(self, now: datetime) -> Interest:
        """What the person looked at, fading by half in `HALF_LIFE_DAYS`."""
        products, categories = dict[str, float](), dict[str, float]()
        today = now.timestamp() * 1000
        for look in self.looks:
            days = max(0.0, today - look.at) / 86_400_000
            worth = look.weight * 0.5 ** (days / HALF_LIFE_DAYS)
            products[look.product] = products.get(look.product, 0.0) + worth
            if look.category:
                categories[look.category] = categories.get(look.category, 0.0) + worth
        return Interest(products, categories)


def learned(taste: Taste, change: ProfileChange) -> Taste:
    """The taste with what a change tells; the same one where it tells nothing new."""
    if change.since > taste.since:
        taste = Taste(since=change.since, revision=taste.revision)
    elif change.version < taste.since:
        return taste
    had, bought_at = dict(taste.had), taste.bought_at
    looks = set(taste.looks)
    for event in change.events:
        moment = round(event.at.timestamp() * 1000)
        if event.name in BOUGHT or event.name in RETURNED:
            returned = event.name in RETURNED
            bought_at = bought_at if returned else max(bought_at, moment)
            for product in products_of(event):
                had[product] = max(had.get(product, (0, False)), (moment, returned))
        elif event.name in LOOKED:
            looks |= set(_looks(event, moment))
    newest = sorted(had.items(), key=lambda one: (one[1], one[0]), reverse=True)[:MOST_HAD]
    kept = tuple(sorted(looks, reverse=True)[:MOST_LOOKS])
    return replace(taste, had=dict(newest), looks=kept, bought_at=bought_at)


def tells_of_orders(change: ProfileChange) -> bool:
    """Is there a purchase or its end in it, or is the history told anew?"""
    return bool(change.since) or any(e.name in BOUGHT or e.name in RETURNED for e in change.events)


def tells_of_looks(change: ProfileChange) -> bool:
    """Is there a look in it of somebody who can be written to? Most traffic is of others."""
    reachable = bool(change.traits.get("email") or change.traits.get("phone"))
    return reachable and any(event.name in LOOKED for event in change.events)


def baskets(before: Taste, change: ProfileChange) -> list[list[str]]:
    """Products that were bought together and were not known to `before`; of a history that is told again, none."""
    if change.told_before or change.since > before.since:
        return []
    found = []
    for event in change.events:
        products = products_of(event) if event.name in BOUGHT else []
        moment = round(event.at.timestamp() * 1000)
        if len(products) > 1 and any(before.had.get(p, (0, False))[0] < moment for p in products):
            found.append(products[:10])
    return found


def products_of(event: CustomerEvent) -> list[str]:
    """Ids of the products that an event names, each once."""
    listed = event.properties.get("products")
    rows: Iterable[Any] = [*(listed if isinstance(listed, list) else []), event.properties]
    return list(dict.fromkeys(product for row in rows if (product := _id(row))))


def _looks(event: CustomerEvent, moment: int) -> Iterable[Look]:
    category = event.properties.get("category")
    word = category[:80] if isinstance(category, str) else ""
    key = hashlib.sha256(event.message_id.encode()).hexdigest()[:12]
    return [Look(moment, key, product, word, LOOKED[event.name]) for product in products_of(event)[:5]]


def _id(row: Any) -> str:
    if not isinstance(row, dict):
        return ""
    value = row.get("product_id", row.get("sku"))
    value = str(value) if type(value) is int else value
    return value if isinstance(value, str) and 0 < len(value) <= 80 and value.isprintable() else ""
