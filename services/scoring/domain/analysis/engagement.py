"""Engagement in four sub-scores (Forrester's four I's): involvement is called `engagement` here, as marketers do.

`engagement`: is there (opens, visits). `interaction`: does something (clicks, buys, downloads). `intimacy`: says what
they feel (reviews, surveys, complaints). `influence`: brings others (shares, referrals, takes part in events).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.shared.conditions import Reference

Group = Literal["engagement", "interaction", "intimacy", "influence"]
GROUPS: tuple[Group, ...] = ("engagement", "interaction", "intimacy", "influence")

MAX_POINTS = 1_000_000
Points = Annotated[float, Field(ge=-MAX_POINTS, le=MAX_POINTS, allow_inf_nan=False)]
Importance = Annotated[float, Field(ge=0, le=MAX_POINTS, allow_inf_nan=False)]
EventKey = Annotated[str, Field(pattern="^(track|page|screen):.", max_length=210)]


class Part(BaseModel):
    """One sub-score: points for each event by its key (`track:Email Opened`); from `full` points on it is 100."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: Annotated[dict[EventKey, Points], Field(min_length=1, max_length=100)]
    full: Annotated[float, Field(gt=0, le=MAX_POINTS, allow_inf_nan=False)]

    def score(self, counts: Mapping[str, int]) -> float:
        """From 0 to 100."""
        points = sum(points * counts.get(event, 0) for event, points in self.events.items())
        return min(100.0, max(0.0, 100 * points / self.full))


class Engagement(BaseModel):
    """Sub-scores and their weighted mean, each from 0 to 100."""

    model_config = ConfigDict(frozen=True)

    parts: dict[Group, float]
    total: float


class EngagementModel(BaseModel):
    """What counts for which sub-score, and the weight of each in the total; a weight says nothing about sub-scores."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str] = "engagement-model"

    name: str
    parts: dict[Group, Part]
    weights: dict[Group, Importance] = Field(default_factory=lambda: dict.fromkeys(GROUPS, 1.0))

    @model_validator(mode="after")
    def _whole(self) -> EngagementModel:
        if set(self.parts) != set(GROUPS) or set(self.weights) != set(GROUPS):
            raise ValueError(f"parts and weights: one each of {', '.join(GROUPS)}")
        if not any(self.weights.values()):
            raise ValueError("weights: one at least must be more than 0")
        return self

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any]) -> EngagementModel:
        """The model that a document describes.

        Raises:
            pydantic.ValidationError: it is none.
        """
        return cls.model_validate({**document, "name": name})

    def document(self) -> dict[str, Any]:
        """The model as JSON."""
        return self.model_dump(mode="json")

    def references(self) -> Iterable[Reference]:
        """None: it depends on events only."""
        return ()

    def score(self, counts: Mapping[str, int]) -> Engagement:
        """Of a person with these numbers of events, by their keys."""
        parts: dict[Group, float] = {group: self.parts[group].score(counts) for group in GROUPS}
        weighted = sum(self.weights[group] * part for group, part in parts.items())
        return Engagement(parts=parts, total=weighted / sum(self.weights.values()))
