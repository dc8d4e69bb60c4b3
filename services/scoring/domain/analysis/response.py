"""Response models: how probable it is that a person with these features answers, with the part of each feature.

A model is a scorecard, a JSON document that was trained elsewhere: each feature has bands (of a number) or values (of
anything else) with a weight; the weights and the intercept add up to the logit of the probability.
"""

from __future__ import annotations

import hashlib
import json
import math
from bisect import bisect_right
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_WEIGHT = 50
"""Beyond it a probability is 0 or 1 for all purposes."""

MAX_NAME = 100
"""Characters of a feature's name, and of a value that has a weight of its own."""

MAX_FEATURES = 100

Weight = Annotated[float, Field(ge=-MAX_WEIGHT, le=MAX_WEIGHT, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Bound = Annotated[float, Field(allow_inf_nan=False)]


Cell = tuple[Literal["band", "value", "otherwise", "missing"], int | str]
"""A place in a feature that has a weight of its own: a band's number, a listed value, or what is neither."""

MISSING: Cell = ("missing", "")
OTHERWISE: Cell = ("otherwise", "")


class Bands(BaseModel):
    """A feature that is a number: `weights[i]` is of the numbers from `bounds[i - 1]` on and below `bounds[i]`, the
    first one below all bounds; `missing` of what is no number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["bands"] = "bands"
    name: Name
    bounds: Annotated[tuple[Bound, ...], Field(max_length=50)]
    weights: Annotated[tuple[Weight, ...], Field(min_length=1, max_length=51)]
    missing: Weight = 0.0

    @model_validator(mode="after")
    def _fits(self) -> Bands:
        if len(self.weights) != len(self.bounds) + 1:
            raise ValueError("one weight more than bounds")
        if any(low >= high for low, high in pairwise(self.bounds)):
            raise ValueError("bounds must rise")
        return self

    def cell(self, value: Any) -> Cell:
        """Where a value lies."""
        number = number_of(value)
        return MISSING if number is None else ("band", bisect_right(self.bounds, number))

    def weight(self, cell: Cell) -> float:
        """What it adds to the logit to lie there."""
        return self.missing if cell == MISSING else self.weights[int(cell[1])]

    def words(self, cell: Cell) -> str:
        """The place in words."""
        if cell == MISSING:
            return "not known"
        place = int(cell[1])
        low = f"{self.bounds[place - 1]:g}" if place else ""
        high = f"{self.bounds[place]:g}" if place < len(self.bounds) else ""
        if low and high:
            return f"{low} to below {high}"
        return f"{low} or more" if low else f"below {high}" if high else "any number"


class Values(BaseModel):
    """A feature of any other type, by the text of its value; `otherwise` is of every value not listed, `missing` of
    none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["values"] = "values"
    name: Name
    weights: Annotated[dict[Name, Weight], Field(min_length=1, max_length=200)]
    otherwise: Weight = 0.0
    missing: Weight = 0.0

    def cell(self, value: Any) -> Cell:
        """Where a value lies."""
        if value is None or value == "":
            return MISSING
        text = text_of(value)
        return ("value", text) if text in self.weights else OTHERWISE

    def weight(self, cell: Cell) -> float:
        """What it adds to the logit to lie there."""
        if cell == MISSING:
            return self.missing
        return self.otherwise if cell == OTHERWISE else self.weights[str(cell[1])]

    def words(self, cell: Cell) -> str:
        """The place in words."""
        return "not known" if cell == MISSING else "any other" if cell == OTHERWISE else str(cell[1])


Feature = Annotated[Bands | Values, Field(discriminator="kind")]


class Contribution(BaseModel):
    """What one feature adds to the logit, and why: where its value lies."""

    model_config = ConfigDict(frozen=True)

    feature: str
    value: str
    weight: float


class Trained(BaseModel):
    """A document that was trained elsewhere, and that people may keep in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any]) -> Self:
        """The model that a document describes.

        Raises:
            pydantic.ValidationError: it is none.
        """
        return cls.model_validate({**document, "name": name})

    def document(self) -> dict[str, Any]:
        """The model as JSON."""
        return self.model_dump(mode="json")


class ResponseModel(Trained):
    """A model of one answer (`target`). `trained` says on what and how well, for people to read."""

    target: Name
    intercept: Weight
    features: Annotated[tuple[Feature, ...], Field(max_length=MAX_FEATURES)]
    trained: dict[str, str | int | float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _named_once(self) -> ResponseModel:
        names = [feature.name for feature in self.features]
        if len(set(names)) < len(names):
            raise ValueError("features: a name stands twice")
        return self

    @property
    def version(self) -> str:
        """Changes with what the model says of anybody, and with nothing else: 16 hexadecimal digits."""
        said = self.model_dump(mode="json", include={"target", "intercept", "features"})
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]

    def explain(self, features: Mapping[str, Any]) -> list[Contribution]:
        """The contribution of each feature, the weightiest first; with the intercept they add up to the logit."""
        parts = []
        for feature in self.features:
            cell = feature.cell(features.get(feature.name))
            parts.append(
                Contribution(feature=feature.name, value=feature.words(cell), weight=feature.weight(cell))
            )
        return sorted(parts, key=lambda part: (-abs(part.weight), part.feature))

    def logit(self, features: Mapping[str, Any]) -> float:
        """The sum of the weights that apply."""
        given = features.get
        return math.fsum((self.intercept, *(one.weight(one.cell(given(one.name))) for one in self.features)))

    def score(self, features: Mapping[str, Any]) -> float:
        """The probability of the answer."""
        return logistic(self.logit(features))


def logistic(logit: float) -> float:
    """The probability that belongs to a logit, without overflow."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    return math.exp(logit) / (1 + math.exp(logit))


def number_of(value: Any) -> float | None:
    """A number, or a text that is one; `None` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def text_of(value: Any) -> str:
    """How a value is called in `Values`: a text as it is, a whole number without a point, anything else as JSON or, if
    that doesn't know it, as Python writes it."""
    if isinstance(value, str):
        return value
    number = number_of(value)
    if number is not None:
        return str(int(number)) if number.is_integer() else repr(number)
    return (
        json.dumps(value, sort_keys=True, default=str)
        if isinstance(value, bool | list | dict)
        else str(value)
    )
