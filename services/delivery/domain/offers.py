"""An offer: what is offered, at which price to whom, and the price it never goes below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.delivery.domain.products import ProductId
from services.delivery.domain.templates.guards import VARIABLE, at

Money = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
_CENT = Decimal("0.01")


class Variant(BaseModel):
    """Another price for those of whom every variable of `when` has one of its values: a `price`, `percent_off` the
    offer's, or the one in a variable (`price_from`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    when: dict[Annotated[str, Field(pattern=VARIABLE)], list[str]] = Field(default={}, max_length=5)
    price: Money | None = None
    percent_off: int | None = Field(default=None, ge=1, le=100)
    price_from: str | None = Field(default=None, pattern=VARIABLE)

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        if sum(one is not None for one in (self.price, self.percent_off, self.price_from)) != 1:
            raise ValueError("one of price, percent_off and price_from is needed")
        return self


class Offer(BaseModel):
    """An offer as marketers write it; the first variant that fits sets the price, and none may be below `floor`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1, max_length=200)
    product: ProductId | None = None
    url: str = Field(default="", max_length=500, pattern=r"^(https://[^\s\"'<>]+)?$")
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    price: Money
    floor: Money
    variants: list[Variant] = Field(default=[], max_length=20)
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None

    def below_floor(self) -> list[str]:
        """The prices that are known and too low, in words."""
        known = {"price": self.price, **{v.name: _fixed(self, v) for v in self.variants}}
        return [
            f"{name}: {price} is below the floor of {self.floor}"
            for name, price in known.items()
            if price is not None and price < self.floor
        ]

    def stands(self, now: datetime) -> bool:
        """Is it valid now?"""
        begun = self.valid_from is None or now >= self.valid_from
        return begun and (self.valid_until is None or now < self.valid_until)


@dataclass(frozen=True)
class Priced:
    """The price one person is shown, and by which variant (empty: the offer's own)."""

    price: Decimal
    variant: str


def priced(offer: Offer, variables: Mapping[str, Any]) -> Priced:
    """The price for the person behind `variables`. It may be below the floor: a variable can say anything."""
    for variant in offer.variants:
        fits = all(_word(at(variables, path)) in values for path, values in variant.when.items())
        price = _money(at(variables, variant.price_from)) if variant.price_from else _fixed(offer, variant)
        if fits and price is not None:
            return Priced(price, variant.name)
    return Priced(offer.price, "")


def _fixed(offer: Offer, variant: Variant) -> Decimal | None:
    if variant.percent_off is not None:
        share = Decimal(100 - variant.percent_off) / 100
        return (offer.price * share).quantize(_CENT, ROUND_HALF_UP)
    return variant.price


def _money(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        amount = Decimal(str(value))
        return amount.quantize(_CENT, ROUND_HALF_UP) if amount.is_finite() else None
    except InvalidOperation:
        return None


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
