"""What the products that somebody holds bring, and which product more is to be expected to bring most."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

Margins = Mapping[str, float]
"""What one piece of a product brings a year, in money; a service that costs more than it brings is negative."""


@dataclass(frozen=True)
class Expected:
    """`expected` = `propensity` (0 to 1) times the `margin` of one piece of the product."""

    product: str
    propensity: float
    margin: float
    expected: float


def value_of(held: Mapping[str, float], margins: Margins) -> float:
    """What these pieces of products bring a year, to the cent; a product without a margin counts as nothing."""
    return round(math.fsum(pieces * margins.get(product, 0) for product, pieces in held.items()), 2)


def ranked(margins: Margins, propensity: Mapping[str, float], held: Collection[str] = ()) -> list[Expected]:
    """Products to offer by the margin to expect, the highest first, then by name; not what is `held`.

    A product whose propensity or margin nobody knows is left out: there is nothing to expect.
    """
    offered = (margins.keys() & propensity.keys()) - set(held)
    expected = [
        Expected(one, propensity[one], margins[one], propensity[one] * margins[one]) for one in offered
    ]
    return sorted(expected, key=lambda one: (-one.expected, one.product))
