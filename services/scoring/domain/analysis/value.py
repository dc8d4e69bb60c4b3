"""What customers are worth by the products they hold, and which offer would raise it most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

Margins = Mapping[str, int]
"""What one piece of a product brings a year, in cents; a service that costs more than it brings is negative."""


@dataclass(frozen=True)
class Change:
    """So many pieces of a product more (bought, taken out) or, negative, fewer (returned, ended)."""

    at: datetime
    product: str
    quantity: int = 1


@dataclass(frozen=True)
class CustomerValue:
    """What the products held from `at` on bring a year, in cents. `first`: it made a prospect a customer. `unpriced`
    are products held of which nobody said the margin; they count as nothing."""

    at: datetime
    cents: int
    held: Mapping[str, int]
    first: bool = False
    unpriced: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offer:
    """Something to offer: a product."""

    name: str
    product: str


@dataclass(frozen=True)
class Expected:
    """`cents` = `propensity` (0 to 1) times the margin in cents."""

    offer: Offer
    propensity: float
    margin: int
    cents: float


def value_of(held: Mapping[str, int], margins: Margins) -> int:
    """What these products bring a year, in cents."""
    return sum(quantity * margins.get(product, 0) for product, quantity in held.items())


def history(changes: Iterable[Change], margins: Margins) -> list[CustomerValue]:
    """The value after each instant at which the products held changed, oldest first; `first` on the first purchase.

    More returned than held leaves none. The same changes in any order give the same history.
    """
    held: Counter[str] = Counter()
    found: list[CustomerValue] = []
    by_time: dict[datetime, Counter[str]] = {}
    for change in changes:
        by_time.setdefault(change.at, Counter())[change.product] += change.quantity
    for at, together in sorted(by_time.items()):
        before = +held
        for product, quantity in together.items():
            held[product] = max(0, held[product] + quantity)
        now = +held
        if now != before:
            unpriced = tuple(sorted(product for product in now if product not in margins))
            found.append(
                CustomerValue(at, value_of(now, margins), dict(sorted(now.items())), not found, unpriced)
            )
    return found


def ranked(offers: Sequence[Offer], propensity: Mapping[str, float], margins: Margins) -> list[Expected]:
    """Offers by the margin to expect, the highest first, then by name; `propensity` is by the offer's name.

    An offer whose propensity or margin nobody knows is left out: there is nothing to expect.
    """
    known = [one for one in offers if one.name in propensity and one.product in margins]
    expected = [
        Expected(one, propensity[one.name], margins[one.product], propensity[one.name] * margins[one.product])
        for one in known
    ]
    return sorted(expected, key=lambda one: (-one.cents, one.offer.name))
