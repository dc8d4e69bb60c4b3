"""What a message costs: a price for each channel and unit, from a day on; and which channel is worth it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from services.delivery.domain.segments import segments
from services.shared.channels import Channel
from services.shared.contracts.base import Model

MOST_LISTS = 100

Price = Annotated[Decimal, Field(ge=0, le=1000, max_digits=12, decimal_places=8)]


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

    def of(self, channel: str, day: date) -> Decimal | None:
        """What a unit costs on a day; `None`: nobody has said."""
        priced = (one.channels.items() for one in self._newest_first if one.since <= day)
        return next((price for prices in priced for name, price in prices if name == channel), None)

    def cost(self, channel: str, units: int, day: date) -> Decimal:
        """What so many units cost that day; nothing, where nobody has said."""
        return (self.of(channel, day) or Decimal(0)) * units


def units_of(channel: str, text: str) -> int:
    """What a provider bills for `text`: the parts of a text message, else one."""
    return segments(text).parts if channel == "sms" else 1


def expected_costs(
    order: Sequence[str], sources: Mapping[str, str], prices: Prices, day: date
) -> dict[str, Decimal]:
    """What each channel would cost before anything is rendered: a text message is taken to be as long as its source."""
    texts = {name: sources.get(f"channels.{name}.text", "") for name in order}
    return {name: prices.cost(name, units_of(name, text), day) for name, text in texts.items()}


def cheaper_first(
    order: Sequence[str], value: Decimal | None, costs: Mapping[str, Decimal]
) -> tuple[list[str], list[dict[str, str]]]:
    """`order` as long as the message is worth a channel: those that cost more than its `value` come after all others,
    the cheapest of them first. And what the decision record says of these. A message of no known value keeps its
    order."""
    if value is None:
        return list(order), []
    dear = sorted((name for name in order if costs[name] > value), key=lambda name: costs[name])
    record = [
        {"gate": "cost", "channel": name, "input": f"costs {costs[name]}, worth {value}", "verdict": "later"}
        for name in dear
    ]
    return [*(name for name in order if name not in dear), *dear], record
