"""Margin tables: what products bring, so that people have a value by the products they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.scoring.domain.analysis.value import Expected, ranked, value_of
from services.scoring.domain.definitions.needs import HELD, Needs
from services.scoring.domain.facts import FACTS
from services.shared.conditions import Reference
from services.shared.conditions.limits import MAX_NAME
from services.shared.errors import Invalid
from services.shared.records import MAX_ID

MAX_PRODUCTS = 1_000
MAX_MARGIN = 1_000_000_000

_Product = Annotated[str, Field(min_length=1, max_length=MAX_ID)]
_Margin = Annotated[float, Field(ge=-MAX_MARGIN, le=MAX_MARGIN, allow_inf_nan=False)]
_Score = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]


class MarginTable(BaseModel):
    """`margins`: what one piece of a product brings a year, in the one currency of the shop. `propensities`: the score
    (a probability) by which somebody is expected to take a product.

    Customer value is the sum over the products that somebody holds; it is a fact of the table's name, which appears
    with the first purchase and changes with each of what is held, and of the table.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str] = "margin-table"

    name: str
    margins: Annotated[dict[_Product, _Margin], Field(min_length=1, max_length=MAX_PRODUCTS)]
    propensities: Annotated[dict[_Product, _Score], Field(max_length=100)] = {}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if unknown := sorted(self.propensities.keys() - self.margins.keys()):
            raise ValueError(f"propensities: {unknown[0]!r} has no margin")
        return self

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any]) -> MarginTable:
        """The table that `{"margins": {product: money}, "propensities": {product: score}}` describes.

        Raises:
            Invalid: `invalid_name`, a fact of another meaning has it.
            pydantic.ValidationError: a field breaks its rule.
        """
        if name in FACTS:
            raise Invalid("invalid_name", f"name: {name!r} is another fact")
        return cls.model_validate({**document, "name": name})

    def document(self) -> dict[str, Any]:
        """It as JSON."""
        return self.model_dump(exclude_defaults=True)

    def references(self) -> Iterable[Reference]:
        """The scores by which products are expected to be taken."""
        scores = self.propensities.items()
        return tuple(Reference("score", name, f"propensities.{product}") for product, name in scores)

    @property
    def needs(self) -> Needs:
        """The products held."""
        return Needs(fields=((HELD, frozenset()),))

    def value(self, held: Mapping[str, float]) -> float:
        """What these pieces of products bring a year, to the cent."""
        return value_of(held, self.margins)

    def explained(self, held: Mapping[str, float]) -> dict[str, Any]:
        """The value, and what each product held brings; those without a margin are `unpriced`."""
        return {
            "value": self.value(held),
            "held": [
                {"product": one, "pieces": pieces, "margin": self.margins[one]}
                for one, pieces in sorted(held.items())
                if one in self.margins
            ],
            "unpriced": sorted(held.keys() - self.margins.keys()),
        }

    def offers(self, held: Mapping[str, float], scores: Mapping[str, float]) -> list[Expected]:
        """Products not held by the margin to expect of an offer, the best first; `scores` are numbers."""
        chances = {one: scores[name] for one, name in self.propensities.items() if name in scores}
        return ranked(self.margins, chances, held)
