"""What marketers write of products and offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.delivery.domain.offers import Offer
from services.delivery.domain.products import Product
from services.delivery.domain.templates.documents import NAME
from services.delivery.ports.content import CatalogueStore
from services.shared.errors import Invalid, NotFound


class ServeCatalogue:
    """The use cases of the routes of products and offers; answers are JSON-ready."""

    def __init__(self, *, catalogue: CatalogueStore) -> None:
        self._catalogue = catalogue

    def put_product(self, product_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a product.

        Raises:
            Invalid, pydantic.ValidationError: the id or the product breaks a rule.
            Conflict: somebody else changed it at the same moment.
        """
        if not (0 < len(product_id) <= 80) or any(c.isspace() or c in "/?#" for c in product_id):
            raise Invalid("invalid_name", "a product's id has 1 to 80 characters, no space, /, ? or #")
        self._catalogue.put_product(product_id, Product.model_validate(dict(body)))
        return self.product(product_id)

    def product(self, product_id: str) -> dict[str, Any]:
        """A product, and how often others were `bought_together` with it.

        Raises:
            NotFound: there is none.
        """
        found = self._catalogue.listed([product_id]).get(product_id)
        if found is None or found.product is None:
            raise NotFound("not_found", f"no product {product_id}")
        fields = found.product.model_dump(mode="json", exclude_none=True)
        return {"id": product_id, **fields, "bought_together": dict(found.together)}

    def put_offer(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Keep an offer none of whose prices is below its floor.

        Raises:
            Invalid, pydantic.ValidationError: `price_below_floor`; or the name or the offer breaks a rule.
            Conflict: somebody else changed it at the same moment.
        """
        if not NAME.fullmatch(name):
            raise Invalid(
                "invalid_name", "name has 1 to 64 lower-case letters, digits, _ or -, a letter first"
            )
        offer = Offer.model_validate(dict(body))
        if low := offer.below_floor():
            raise Invalid("price_below_floor", "; ".join(low))
        return _shown(name, self._catalogue.put_offer(name, offer), offer)

    def offers(self) -> list[dict[str, Any]]:
        """All offers as they stand."""
        return [_shown(one.name, one.revision, one.offer) for one in self._catalogue.offers()]


def _shown(name: str, revision: int, offer: Offer) -> dict[str, Any]:
    return {"name": name, "revision": revision, **offer.model_dump(mode="json", exclude_none=True)}
