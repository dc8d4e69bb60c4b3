"""Score models: points per behaviour, plus and minus, as a marketer writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.shared.conditions import Reference

MAX_POINTS = 1_000_000

Points = Annotated[float, Field(ge=-MAX_POINTS, le=MAX_POINTS, allow_inf_nan=False)]
EventName = Annotated[str, Field(min_length=1, max_length=200)]


class Rule(BaseModel):
    """Points for each event of a name: only for the first if `once`, in sum never beyond plus or minus `cap`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: EventName
    type: Literal["track", "page", "screen"] = "track"
    points: Points
    once: bool = False
    cap: Annotated[float, Field(gt=0, le=MAX_POINTS)] | None = None

    @property
    def key(self) -> str:
        """The key its events are counted under."""
        return f"{self.type}:{self.event}"

    def total(self, counts: Mapping[str, int]) -> float:
        """Its part of the score."""
        count = counts.get(self.key, 0)
        total = self.points * (min(count, 1) if self.once else count) if count else 0.0
        return total if self.cap is None else max(-self.cap, min(self.cap, total))


class ScoreModel(BaseModel):
    """A named sum of rules; each rule is capped on its own, so the order of events makes no difference."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str] = "score-model"

    name: str
    rules: Annotated[list[Rule], Field(min_length=1, max_length=100)]

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any]) -> ScoreModel:
        """The model that `{"rules": [...]}` describes.

        Raises:
            pydantic.ValidationError: a rule is not one.
        """
        return cls.model_validate({**document, "name": name})

    def document(self) -> dict[str, Any]:
        """The model as JSON."""
        return self.model_dump(exclude_none=True)

    def references(self) -> Iterable[Reference]:
        """Models depend on events only."""
        return ()

    def score(self, counts: Mapping[str, int]) -> float:
        """The points of a person with these event counts."""
        return sum((rule.total(counts) for rule in self.rules), 0.0)

    def ledger(self, counts: Mapping[str, int]) -> list[dict[str, str | int | float]]:
        """Where the points come from: `{"event", "count", "points"}` per rule; `points` add up to the score."""
        return [
            {"event": rule.event, "count": counts.get(rule.key, 0), "points": rule.total(counts)}
            for rule in self.rules
        ]
