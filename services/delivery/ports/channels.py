"""Channels: their terms, prices and secrets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from services.delivery.domain.channel_terms import ChannelTerms
from services.delivery.domain.prices import PriceList, Prices

Secret = Callable[[], str]
"""A secret, read when it is needed, so that a rotation reaches running functions."""


class Channels(Protocol):
    """What the marketer says of channels."""

    def terms(self) -> ChannelTerms:
        """The home country and receivers; some seconds old at most."""
        ...

    def prices(self) -> Prices:
        """What messages cost; some seconds old at most."""
        ...


class TermsStore(Protocol):
    """The marketer's document about channels."""

    def stored(self) -> ChannelTerms:
        """As it stands this moment."""
        ...

    def put(self, terms: ChannelTerms) -> None:
        """Replace it."""
        ...

    def generation(self, channel: str) -> tuple[int, str]:
        """The number of the receiver's secret, and until when (ISO 8601) the one before it signs as well."""
        ...

    def renew(self, channel: str, number: int, until: str) -> bool:
        """Count the next secret; `False`: somebody else did meanwhile."""
        ...


class PriceLists(Protocol):
    """What messages cost."""

    def price_lists(self) -> tuple[Sequence[PriceList], int]:
        """All lists that were set, oldest first, and their revision, as they stand this moment."""
        ...

    def put_price_lists(self, lists: Sequence[PriceList], revision: int) -> bool:
        """Replace those of a revision; `False`: somebody else did meanwhile."""
        ...
