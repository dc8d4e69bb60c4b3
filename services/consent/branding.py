"""The brand of the public pages: setting it, and reading it back."""

from __future__ import annotations

from typing import Any, Protocol

from services.consent.domain.brand import Brand
from services.shared.errors import Conflict, NotFound


class BrandStore(Protocol):
    """The brand, with the revision that the next write must name (0: there is none)."""

    def get(self) -> tuple[Brand | None, int]: ...

    def put(self, brand: Brand, revision: int) -> bool:
        """Replace `revision`; `False` when somebody else did."""
        ...


class Branding:
    """The marketers' side, and what pages ask."""

    def __init__(self, store: BrandStore) -> None:
        self._store = store

    def set(self, brand: Brand) -> dict[str, Any]:
        """From now on pages look like this.

        Raises:
            Conflict: `changed_meanwhile`, somebody else set it at the same moment.
        """
        stored, revision = self._store.get()
        if brand != stored and not self._store.put(brand, revision):
            raise Conflict("changed_meanwhile", "the brand was changed meanwhile; read it again")
        return brand.model_dump()

    def shown(self) -> dict[str, Any]:
        """The brand as it was set.

        Raises:
            NotFound: `no_brand`.
        """
        brand = self.brand()
        if brand is None:
            raise NotFound("no_brand", "no brand was set")
        return brand.model_dump()

    def brand(self) -> Brand | None:
        """The brand; `None`: pages look plain."""
        return self._store.get()[0]
