"""Products as marketers tell delivery of them, and which are bought together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

NEIGHBOURS = 60
"""Products that one product's counts remember."""

ProductId = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\s/?#]+$")]
Url = Annotated[str, Field(max_length=500, pattern=r"^(https://[^\s\"'<>]+)?$")]


class Product(BaseModel):
    """One product. `related` are what belongs with it, the best first: the product matrix. What is not `available` is
    shown to nobody."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1, max_length=200)
    url: Url = ""
    image: Url = ""
    image_alt: str = Field(default="", max_length=200)
    category: str = Field(default="", max_length=80)
    price: Decimal | None = Field(default=None, ge=0, max_digits=12, decimal_places=2)
    currency: str = Field(default="", pattern=r"^([A-Z]{3})?$")
    related: list[ProductId] = Field(default=[], max_length=20)
    available: bool = True


@dataclass(frozen=True)
class Listed:
    """What is known under a product's id: the product, if any, and how often others were bought with it."""

    product: Product | None = None
    together: Mapping[str, int] = field(default_factory=dict)


def bought_with(counts: Mapping[str, int], others: list[str]) -> dict[str, int]:
    """The counts after one more basket. Of at most `NEIGHBOURS`: a newcomer takes the place of the rarest and its count
    (Space-Saving, Metwally et al. 2005), so that what is often bought together stays."""
    new = dict(counts)
    for other in others:
        if other in new or len(new) < NEIGHBOURS:
            new[other] = new.get(other, 0) + 1
            continue
        rarest = min(new, key=lambda name: (new[name], name))
        new[other] = new.pop(rarest) + 1
    return new
