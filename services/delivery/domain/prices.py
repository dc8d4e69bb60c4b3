"""What a contact costs on each channel, and which channel is worth it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.shared.channels import Channel

Price = Annotated[Decimal, Field(ge=0, le=1_000, decimal_places=6, allow_inf_nan=False)]


class Prices(BaseModel):
    """Money per unit by channel, in the one currency of the shop: an e-mail, a part of a text message, a letter, a call.
    What has no price costs nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by_channel: dict[Channel, Price] = Field(default={}, alias="prices")

    def of(self, channel: str, units: int = 1) -> Decimal:
        """What so many units cost there."""
        per_unit: Mapping[str, Decimal] = self.by_channel  # type: ignore[assignment]
        return per_unit.get(channel, Decimal(0)) * units


FREE = Prices()


def cheaper_first(order: Sequence[str], value: Decimal | None, costs: Mapping[str, Decimal]) -> list[str]:
    """`order` as long as the message is worth a channel; the channels that cost more than its `value` come after all
    others, the cheapest of them first. A message of no known value keeps its order."""
    if value is None:
        return list(order)
    dear = {name for name in order if costs.get(name, Decimal(0)) > value}
    return sorted(order, key=lambda name: costs[name] if name in dear else Decimal(-1))
