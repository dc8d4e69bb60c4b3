"""What a message costs: a price for each channel and unit, from a day on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from services.shared.contracts.base import Model

Price = Annotated[Decimal, Field(ge=0, le=1000, max_digits=12, decimal_places=8)]
Channel = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,31}$")]


class PriceList(Model):
    """From `since` (a UTC date) on, `channels` names the price of one unit of each channel in `currency` (ISO 4217): a
    message, or a part of it where a channel bills parts (an SMS of two segments is two units)."""

    since: date
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    channels: Annotated[dict[Channel, Price], Field(min_length=1, max_length=20)]


LIST_PRICES = PriceList(
    since=date(1970, 1, 1),
    currency="USD",
    channels={"email": Decimal("0.0001"), "push": Decimal("0.000001")},
)
"""What AWS asks for a message (aws.amazon.com/ses/pricing, aws.amazon.com/pinpoint/pricing), until a list is set. SMS,
print and calls have no price that holds everywhere."""


class Prices:
    """All lists that were set, in one currency."""

    def __init__(self, lists: Sequence[PriceList]) -> None:
        self.currency = lists[0].currency if lists else LIST_PRICES.currency
        known = (LIST_PRICES, *lists)
        self._newest_first = sorted(
            (one for one in known if one.currency == self.currency), key=lambda one: one.since, reverse=True
        )

    def of(self, channel: str, day: str) -> Decimal | None:
        """What a unit costs on a day (ISO); `None`: nobody has said."""
        at = date.fromisoformat(day)
        valid = (one for one in self._newest_first if one.since <= at)
        return next((one.channels[channel] for one in valid if channel in one.channels), None)
