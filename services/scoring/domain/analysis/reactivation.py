"""Reactivation value: which of the inactive are worth it. What a return brings times how probable it is, from how long
somebody is away and how alike they are to those who are active."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from services.scoring.domain.analysis.response import Contribution, ResponseModel, Trained, Weight, logistic

LEAST_WEIGHT = 1e-4


@dataclass(frozen=True)
class Inactive:
    """Somebody who is away for so many days, what is known of them otherwise, and the margin of their return."""

    person: str
    days: float
    features: Mapping[str, Any]
    margin: float


@dataclass(frozen=True)
class Worth:
    """`value` = `probability` of a return within the model's horizon times `margin`; `likeness` to the active is from 0
    to 1, with what makes it."""

    person: str
    days: float
    likeness: float
    because: tuple[Contribution, ...]
    probability: float
    margin: float
    value: float


class ReactivationModel(Trained):
    """P(return within `horizon_days`) = logistic(`intercept` - `recency` * ln(1 + days away) + `likeness` * logit of
    being alike to the active). Both weights are positive: the more recent and the more alike, the more probable."""

    horizon_days: Annotated[int, Field(gt=0, le=3660)]
    intercept: Weight
    recency: Annotated[Weight, Field(ge=LEAST_WEIGHT)]
    likeness: Annotated[Weight, Field(ge=LEAST_WEIGHT)]
    active: ResponseModel
    """Whether somebody is active, by features that do not hold how long they are away."""
    margin: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The share of an order that is left."""

    def probability(self, days: float, features: Mapping[str, Any]) -> float:
        """That somebody who is away for so many days (0 or more) returns within the horizon."""
        return self.chance(days, self.active.logit(features))

    def chance(self, days: float, alike: float) -> float:
        """The same, of somebody whose logit of being alike to the active is known."""
        return logistic(self.intercept - self.recency * math.log1p(max(0.0, days)) + self.likeness * alike)

    def worth(self, inactive: Inactive) -> Worth:
        """What it is worth to win somebody back, with the reasons."""
        chance = self.probability(inactive.days, inactive.features)
        return Worth(
            person=inactive.person,
            days=inactive.days,
            likeness=self.active.score(inactive.features),
            because=tuple(self.active.explain(inactive.features)),
            probability=chance,
            margin=inactive.margin,
            value=chance * inactive.margin,
        )


def ranked(model: ReactivationModel, people: Iterable[Inactive]) -> list[Worth]:
    """The most valuable first; deterministic."""
    return sorted((model.worth(one) for one in people), key=lambda one: (-one.value, one.person))
