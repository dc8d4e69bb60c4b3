"""Which products a person is shown: what belongs with what they have, or what they look at; never what they have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from services.delivery.domain.products import Listed, Product
from services.delivery.domain.tastes import Interest, Taste
from services.delivery.domain.templates.product_blocks import ProductBlock

SEEDS = 5
"""Products from which others are found."""

LIKE_IT = 0.25
"""What interest in a category, or in a product that names another as related, counts for a product."""


def seeds(block: ProductBlock, taste: Taste, interest: Interest, named: Sequence[str]) -> list[str]:
    """The products to start from, the most telling first; `named` are those of a variable."""
    if block.pick == "interest" or block.of == "viewed":
        scores = interest.products
        return sorted(scores, key=lambda p: (-scores[p], p))[: SEEDS * 4]
    return list(named)[:SEEDS] if block.of != "owned" else taste.owned()[:SEEDS]


def candidates(start: Sequence[str], listed: Mapping[str, Listed]) -> list[str]:
    """What belongs with the products of `start`: the matrix first, in its order, then what is bought together most."""
    found: dict[str, None] = {}
    for product in start[:SEEDS]:
        known = listed.get(product, Listed())
        found |= dict.fromkeys(known.product.related if known.product else ())
    together: dict[str, int] = {}
    for product in start[:SEEDS]:
        for other, times in listed.get(product, Listed()).together.items():
            together[other] = together.get(other, 0) + times
    found |= dict.fromkeys(sorted(together, key=lambda p: (-together[p], p)))
    return list(found)


def ranked(
    block: ProductBlock,
    taste: Taste,
    interest: Interest,
    order: Sequence[str],
    listed: Mapping[str, Listed],
) -> list[tuple[str, Product]]:
    """At most `limit` products to show, the best first. `order` are the candidates as found: of `related` that is their
    order; of `interest` it is by interest in them, their category, and what names them."""
    shown = [
        (product_id, known.product)
        for product_id in dict.fromkeys(order)
        if product_id not in taste.had
        and (known := listed.get(product_id)) is not None
        and known.product is not None
        and known.product.available
        and block.category in ("", known.product.category)
    ]
    if block.pick == "interest":
        shown.sort(key=_Worth(interest, listed).place)
    return shown[: block.limit]


class _Worth:
    """How much a product should interest the person."""

    def __init__(self, interest: Interest, listed: Mapping[str, Listed]) -> None:
        self._products, self._categories = interest
        self._named: dict[str, float] = {}
        for product_id, liked in interest.products.items():
            known = listed.get(product_id, Listed()).product
            for other in known.related if known else ():
                self._named[other] = max(self._named.get(other, 0.0), liked)

    def place(self, one: tuple[str, Product]) -> tuple[float, str]:
        """Where a product belongs among others: the more it is worth, the sooner."""
        product_id, product = one
        like = self._categories.get(product.category, 0.0) + self._named.get(product_id, 0.0)
        return -self._products.get(product_id, 0.0) - LIKE_IT * like, product_id


def unlike(start: Collection[str], order: Sequence[str]) -> list[str]:
    """The candidates that are not what one started from."""
    return [product for product in order if product not in start]
