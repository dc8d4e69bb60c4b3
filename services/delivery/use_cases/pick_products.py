"""The products of one block for one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.delivery.domain.products import Product
from services.delivery.domain.recommending import SEEDS, candidates, ranked, seeds, unlike
from services.delivery.domain.tastes import Taste
from services.delivery.domain.templates.guards import at
from services.delivery.domain.templates.product_blocks import ProductBlock
from services.delivery.ports.content import Catalogue

CATEGORIES = 2
"""Categories of most interest that are looked through."""


@dataclass(frozen=True)
class Picked:
    """A product to show."""

    product_id: str
    product: Product

    def shown(self) -> dict[str, Any]:
        """What templates know of it."""
        fields = self.product.model_dump(mode="json", exclude={"related", "available"}, exclude_none=True)
        return {"id": self.product_id, **fields}


def pick(
    block: ProductBlock, taste: Taste, start: Sequence[str], catalogue: Catalogue, now: datetime
) -> list[Picked]:
    """The block's products, the best first; `start` are those that a variable names."""
    interest = taste.interest(now)
    begun = seeds(block, taste, interest, start)
    listed = dict(catalogue.listed(begun))
    order = candidates(begun, listed)
    if block.pick == "interest":
        liked = interest.categories
        best = sorted(liked, key=lambda name: (-liked[name], name))[:CATEGORIES]
        order = [*begun, *order, *(one for name in best for one in catalogue.of_category(name))]
    else:
        order = unlike(begun[:SEEDS], order)
    listed |= catalogue.listed([p for p in dict.fromkeys(order) if p not in listed])
    return [Picked(*one) for one in ranked(block, taste, interest, order, listed)]


def named(block: ProductBlock, variables: Mapping[str, Any]) -> list[str]:
    """The products that a block's variable names."""
    value = at(variables, block.of)
    some = value if isinstance(value, list) else [value]
    return [
        str(one) for one in some if isinstance(one, str | int) and not isinstance(one, bool) and one != ""
    ]
