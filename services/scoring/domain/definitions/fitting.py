"""Do definitions fit together? What one names must exist, and no two may wait for each other."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from services.scoring.domain.definitions.base import Definition
from services.scoring.domain.definitions.fits import FitModel
from services.scoring.domain.definitions.hearing import Watch
from services.scoring.domain.definitions.margins import MarginTable
from services.scoring.domain.definitions.models import ScoreModel
from services.scoring.domain.definitions.pitches import Pitch
from services.scoring.domain.definitions.predictions import ResponseScore
from services.scoring.domain.definitions.strategies import Strategy
from services.scoring.domain.facts import FACTS
from services.shared.conditions import Reference
from services.shared.errors import Invalid

Key = tuple[str, str]
"""Kind and name."""

REFERRED = {ScoreModel.kind: "score", FitModel.kind: "fit", Strategy.kind: "cell", MarginTable.kind: "fact"}
"""What conditions call a kind, where that differs from its own name."""

_KINDS = {word: kind for kind, word in REFERRED.items()}


_FREE = frozenset({"trait", "relation", "consent", "event", "bucket", "part"})
"""What conditions may name without anybody having defined it."""


def fits(watch: Watch, by_key: Mapping[Key, Definition]) -> bool:
    """Is there everything that a watch names?"""
    try:
        needs_of(watch, by_key)
    except Invalid:
        return False
    return True


def referred(reference: Reference) -> Key:
    """What a reference names."""
    return _KINDS.get(reference.kind, reference.kind), reference.name


def needs_of(one: Definition, by_key: Mapping[Key, Definition]) -> list[Key]:
    """What a definition refers to.

    Raises:
        Invalid: `unknown_reference`.
    """
    needs: set[Key] = set()
    for reference in one.references():
        if reference.kind in _FREE or (reference.kind == "fact" and reference.name in FACTS):
            continue
        key = referred(reference)
        if key not in by_key:
            raise Invalid(
                "unknown_reference",
                f"{reference.path}: there is no {reference.kind} named {reference.name!r}",
            )
        needs.add(key)
    return sorted(needs)


def check_matrices(by_key: Mapping[Key, Definition]) -> None:
    """Has every matrix a cell for each grade of its fit model, and none beside?

    Raises:
        Invalid: `unmapped_cell` or `unknown_grade`.
    """
    for one in by_key.values():
        if isinstance(one, Strategy):
            fit = by_key[FitModel.kind, one.source.fit]
            assert isinstance(fit, FitModel)  # the kinds are apart
            one.check_grades(fit.values)


def check_propensities(by_key: Mapping[Key, Definition]) -> None:
    """Is every pitch weighed by a model that gives a probability?

    Raises:
        Invalid: `not_learned`.
    """
    for one in by_key.values():
        if isinstance(one, Pitch):
            score = one.source.propensity
            if not isinstance(by_key[ScoreModel.kind, score], ResponseScore):
                raise Invalid(
                    "not_learned", f"propensity: of proposition {one.name!r}, {score!r} is no response model"
                )


def ordered_by(needs: Mapping[Key, list[Key]]) -> list[Key]:
    """Each after those it needs.

    Raises:
        Invalid: `definition_cycle`.
    """
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        path = " -> ".join(f"{kind} {name}" for kind, name in reversed(error.args[1]))
        raise Invalid("definition_cycle", f"definitions refer to each other in a circle: {path}") from error
