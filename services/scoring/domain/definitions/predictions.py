"""Scores that were learned: how probable an answer is, and what it would be worth if somebody came back.

Features of a model are facts where they have the name of one, and traits of the person otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar

from services.scoring.domain.analysis.reactivation import Inactive, ReactivationModel
from services.scoring.domain.analysis.response import ResponseModel
from services.scoring.domain.definitions.models import ScoreModel, Seen
from services.scoring.domain.definitions.needs import Needs
from services.scoring.domain.facts import FACTS
from services.scoring.domain.points import Points, Score, Scores
from services.shared.clock import from_iso
from services.shared.conditions import Reference
from services.shared.conditions.instants import milliseconds

DAY = timedelta(days=1) // timedelta(milliseconds=1)
LONGEST = 3_660
"""Days somebody may be away before it makes no difference any more."""


@dataclass(frozen=True)
class ResponseScore:
    """The probability of an answer, from 0 to 1, by a scorecard. A document is what `halte train-response` writes."""

    kind: ClassVar[str] = ScoreModel.kind

    model: ResponseModel

    @property
    def name(self) -> str:
        return self.model.name

    @cached_property
    def needs(self) -> Needs:
        """The traits that are features."""
        return _needs(self.model)

    def document(self) -> dict[str, Any]:
        return self.model.document()

    def references(self) -> Iterable[Reference]:
        """None: facts and traits are free."""
        return ()

    def score(self, seen: Seen, scores: Scores) -> Score:
        """The probability, to six places."""
        return round(self.model.score(features_of(seen)), 6)

    def explained(self, seen: Seen, scores: Scores, now: int) -> dict[str, Any]:
        """The score, the `version` of the model, and `because`: what each feature adds to the logit."""
        because = [part.model_dump() for part in self.model.explain(features_of(seen))]
        return {"score": self.score(seen, scores), "version": self.model.version, "because": because}


@dataclass(frozen=True)
class ReactivationScore:
    """What the return of a customer is worth: its probability by days since the last order, times the margin of their
    usual order; 0 of who never ordered. A document is what `halte reactivation --model` writes."""

    kind: ClassVar[str] = ScoreModel.kind

    model: ReactivationModel

    @property
    def name(self) -> str:
        return self.model.name

    @cached_property
    def needs(self) -> Needs:
        """The traits that are features of likeness."""
        return _needs(self.model.active)

    def document(self) -> dict[str, Any]:
        return self.model.document()

    def references(self) -> Iterable[Reference]:
        """None: facts and traits are free."""
        return ()

    def score(self, seen: Seen, scores: Scores) -> Score:
        """It falls with each day."""
        if "last_order_at" not in seen.facts:
            return 0
        since = milliseconds(from_iso(seen.facts["last_order_at"]))
        return Returning(self.model, since, self.model.active.logit(features_of(seen)), self._margin(seen))

    def explained(self, seen: Seen, scores: Scores, now: int) -> dict[str, Any]:
        """The score with its factors: `probability`, `margin`, `days`, `likeness` to the active and `because` of it."""
        score = self.score(seen, scores)
        if not isinstance(score, Returning):
            return {"score": score}
        worth = self.model.worth(Inactive(self.name, score.days(now), features_of(seen), score.margin))
        return {
            "score": score.at(now),
            "probability": round(worth.probability, 6),
            "margin": round(worth.margin, 2),
            "days": int(worth.days),
            "likeness": round(worth.likeness, 6),
            "because": [part.model_dump() for part in worth.because],
        }

    def _margin(self, seen: Seen) -> float:
        return float(seen.facts["average_basket"]) * self.model.margin


@dataclass(frozen=True)
class Returning:
    """The value of a return as a curve: `since` is the last order, `alike` the logit of being alike to the active."""

    model: ReactivationModel
    since: int
    alike: float
    margin: float

    def days(self, now: int) -> float:
        """Whole days away, as far as they make a difference."""
        return float(min(max(0, now - self.since) // DAY, LONGEST))

    def at(self, now: int) -> float:
        return round(self.model.chance(self.days(now), self.alike) * self.margin, 2)

    def bounds(self, first: int, last: int) -> tuple[float, float]:
        low, high = sorted((self.at(first), self.at(last)))
        return low, high

    def starts(self, now: int) -> Iterable[int]:
        return ()

    def rests_from(self) -> int:
        return self.since + LONGEST * DAY

    def part(self, value: str) -> Points:
        return Points(())


def features_of(seen: Seen) -> Mapping[str, Any]:
    """What models know a person by."""
    return {**{name: value for name, value in seen.traits.items() if name not in FACTS}, **seen.facts}


def _needs(model: ResponseModel) -> Needs:
    return Needs(traits=frozenset(feature.name for feature in model.features) - FACTS)
