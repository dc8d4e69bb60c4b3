"""What a contact costs on each channel, and which channel is worth it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import Field, RootModel

from services.delivery.domain.segments import segments
from services.shared.channels import Channel

Price = Annotated[Decimal, Field(ge=0, le=1_000, decimal_places=6, allow_inf_nan=False)]


class Prices(RootModel[dict[Channel, Price]]):
    """Money per unit by channel; what has no price costs nothing."""

    root: dict[Channel, Price] = {}

    def of(self, channel: str, units: int = 1) -> Decimal:
        """What so many units cost there."""
        return next((price for name, price in self.root.items() if name == channel), Decimal(0)) * units


def units_of(channel: str, text: str) -> int:
    """What a provider bills for `text`: the parts of a text message, else one."""
    return segments(text).parts if channel == "sms" else 1


def expected_costs(order: Sequence[str], sources: Mapping[str, str], prices: Prices) -> dict[str, Decimal]:
    """What each channel would cost before anything is rendered: a text message is taken to be as long as its source."""
    return {name: prices.of(name, units_of(name, sources.get(f"channels.{name}.text", ""))) for name in order}


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
