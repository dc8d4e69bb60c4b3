"""How good a response model is on people it has not seen, against a rule that anybody could write."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.scoring.domain.analysis.evidence import Share, area_under_curve
from services.scoring.domain.analysis.response import ResponseModel

SUSPICIOUS = 0.8
"""Area under the curve of a single feature from which on it may hold the answer instead of announcing it: the one that
is known to (`duration` of a call) has 0.82."""


@dataclass(frozen=True)
class Single:
    """What a feature is worth alone: its area under the curve among the held-out."""

    feature: str
    area: float

    @property
    def suspicious(self) -> bool:
        """Whether somebody should ask when its value became known."""
        return self.area >= SUSPICIOUS


@dataclass(frozen=True)
class Check:
    """Of the held-out: everybody, the tenth the model would choose, and the hits a rule would have with as many people
    (those it names first, then chance among the rest), `None` without a rule."""

    area: float
    everybody: Share
    top: Share
    rule_hits: float | None
    singles: tuple[Single, ...]


def hold_out(answers: Sequence[bool], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Indices to learn from and to check on, with the same share of either answer in both; the same for a seed."""
    held: set[int] = set()
    for answer in (False, True):
        alike = [n for n, one in enumerate(answers) if one is answer]
        held.update(random.Random(f"{seed}:{answer}").sample(alike, round(len(alike) * share)))  # noqa: S311
    return [n for n in range(len(answers)) if n not in held], sorted(held)


def check(
    model: ResponseModel,
    rows: Sequence[Mapping[str, Any]],
    answers: Sequence[bool],
    rule: tuple[str, str] | None = None,
) -> Check:
    """Figures of a model on people it was not trained on; `rule` is a column and the value to choose people by.

    Raises:
        ValueError: they all answered the same.
    """
    scores = [model.score(row) for row in rows]
    size = max(1, len(rows) // 10)
    best = sorted(range(len(rows)), key=lambda n: (-scores[n], n))[:size]
    named = rule and [str(row.get(rule[0])) == rule[1] for row in rows]
    return Check(
        area=area_under_curve(scores, answers),
        everybody=Share(sum(answers), len(answers)),
        top=Share(sum(answers[n] for n in best), size),
        rule_hits=_rule_hits(named, answers, size) if named else None,
        singles=_singles(model, rows, answers),
    )


def _rule_hits(named: Sequence[bool], answers: Sequence[bool], size: int) -> float:
    """The hits to expect among `size` people, chosen by lot among the named, then among the rest."""
    hits = 0.0
    for side in (True, False):
        alike = [answer for answer, is_named in zip(answers, named, strict=True) if is_named is side]
        taken = min(size, len(alike))
        hits += taken * sum(alike) / len(alike) if alike else 0.0
        size -= taken
    return hits


def _singles(
    model: ResponseModel, rows: Sequence[Mapping[str, Any]], answers: Sequence[bool]
) -> tuple[Single, ...]:
    found = []
    for feature in model.features:
        weights = [feature.weight(feature.cell(row.get(feature.name))) for row in rows]
        found.append(Single(feature.name, area_under_curve(weights, answers)))
    return tuple(sorted(found, key=lambda one: (-one.area, one.feature)))
