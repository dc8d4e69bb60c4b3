"""Templates, products, offers, and what people like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.delivery.domain.offers import Offer
from services.delivery.domain.products import Listed, Product
from services.delivery.domain.tastes import Taste
from services.delivery.domain.templates.documents import Template


class Tastes(Protocol):
    """What people have and look at."""

    def of(self, profile_id: str) -> Taste:
        """What is known; of nobody, nothing."""
        ...

    def keep(self, profile_id: str, taste: Taste) -> bool:
        """Write what was learned since `taste.revision`, or drop it for an erased person; `False`: another write came
        first."""
        ...

    def forget(self, profile_id: str, at: datetime) -> bool:
        """Forget it, and learn nothing for 90 days; was there anything?"""
        ...


@dataclass(frozen=True)
class StoredOffer:
    """An offer as it stands; `revision` counts its changes."""

    name: str
    revision: int
    offer: Offer


class Catalogue(Protocol):
    """Products and offers to show."""

    def listed(self, product_ids: Sequence[str]) -> Mapping[str, Listed]:
        """What is known of these products."""
        ...

    def of_category(self, name: str) -> list[str]:
        """Some products of a category."""
        ...

    def offer(self, name: str) -> StoredOffer | None:
        """An offer."""
        ...


class CatalogueStore(Catalogue, Protocol):
    """The same, to be written."""

    def in_use(self) -> bool:
        """Was a product ever kept?"""
        ...

    def put_product(self, product_id: str, product: Product) -> None:
        """Keep a product.

        Raises:
            Conflict: somebody else changed it at the same moment.
        """
        ...

    def count_together(self, basket: Sequence[str]) -> None:
        """Count that these products were bought together."""
        ...

    def offers(self) -> list[StoredOffer]:
        """All of them."""
        ...

    def put_offer(self, name: str, offer: Offer) -> int:
        """Keep an offer; its revision.

        Raises:
            Conflict: somebody else changed it at the same moment.
        """
        ...


@dataclass(frozen=True)
class Versions:
    """The active version of a template, and every (number, moment)."""

    active: int
    kept: Sequence[tuple[int, str]]


class Templates(Protocol):
    """Template documents by name."""

    def active(self, name: str) -> Template | None:
        """The version that is sent."""
        ...

    def version(self, name: str, number: int) -> Template | None:
        """One version."""
        ...

    def versions(self, name: str) -> Versions | None:
        """Which there are; `None`: no such template."""
        ...

    def put(self, template: Template, at: datetime, *, activate: bool) -> int:
        """Keep a document as the newest version unless it already is that and active; its number. The first one is
        active in any case.

        Raises:
            Conflict: somebody else changed the template at the same moment.
            TooLarge: the document does not fit.
        """
        ...

    def activate(self, name: str, number: int) -> None:
        """Make a version, older or newer, the one that is sent.

        Raises:
            NotFound: there is none.
            Conflict: somebody else changed the template at the same moment.
        """
        ...

    def all(self) -> list[Template]:
        """The active version of each."""
        ...

    def landing_pages(self) -> list[str]:
        """Where campaigns lead to."""
        ...

    def put_landing_pages(self, pages: Sequence[str]) -> None:
        """Replace them."""
        ...

    def test_addresses(self) -> list[str]:
        """Where tests may be sent to."""
        ...

    def put_test_addresses(self, addresses: Sequence[str]) -> None:
        """Replace them."""
        ...
