"""A list of products in a template, and how it is picked."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.delivery.domain.templates.guards import VARIABLE


class ProductBlock(BaseModel):
    """`related`: what belongs with the products that the person has (`of: owned`), looks at (`viewed`), or that a
    variable names (`walk.product_id`). `interest`: what they look at, and what is like it. Never what they have or gave
    back. With fewer than `at_least`, nothing is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pick: Literal["related", "interest"]
    of: str = Field(default="owned", pattern=VARIABLE)
    category: str = Field(default="", max_length=80)
    limit: int = Field(default=3, ge=1, le=12)
    at_least: int = Field(default=0, ge=0, le=12)
