"""What marketers define: score models and segments, checked against each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from services.scoring.domain.facts import FACTS
from services.scoring.domain.models import ScoreModel
from services.shared.conditions import Condition, parse
from services.shared.errors import Invalid

MAX_SEGMENTS = 200
MAX_MODELS = 50

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}", re.ASCII)


@dataclass(frozen=True)
class Segment:
    """People for whom a condition holds."""

    name: str
    condition: Condition

    def document(self) -> dict[str, Any]:
        """The segment as JSON."""
        return {"name": self.name, "condition": self.condition.document}


def segment(name: str, document: Mapping[str, Any]) -> Segment:
    """The segment that `{"condition": {...}}` describes; a `name` in the document must be the same.

    Raises:
        Invalid: `invalid_name`, `invalid_segment` or `invalid_condition`.
    """
    _check_name(name, document)
    for key in document:
        if key not in ("name", "condition"):
            raise Invalid("invalid_segment", f"{key}: is not known here")
    if "condition" not in document:
        raise Invalid("invalid_segment", "condition: is required")
    return Segment(name, parse(document["condition"]))


def score_model(name: str, document: Mapping[str, Any]) -> ScoreModel:
    """The model that `{"rules": [...]}` describes; a `name` in the document must be the same.

    Raises:
        Invalid: `invalid_name`.
        pydantic.ValidationError: a rule is not one.
    """
    _check_name(name, document)
    return ScoreModel.model_validate({**document, "name": name})


def _check_name(name: str, document: Mapping[str, Any]) -> None:
    if not _NAME.fullmatch(name):
        raise Invalid("invalid_name", "name: 1 to 64 of a-z, 0-9, _ and -, starting with a letter")
    if document.get("name", name) != name:
        raise Invalid("invalid_name", "name: differs from the one in the path")


@dataclass(frozen=True)
class Definitions:
    """All definitions at one `version`, which grows by one per change.

    `segments` are in an order in which each comes after those it refers to. `counted` are the event keys that
    rules need, `traits` the names that conditions read.
    """

    version: int
    models: tuple[ScoreModel, ...]
    segments: tuple[Segment, ...]
    counted: frozenset[str]
    traits: frozenset[str]

    @classmethod
    def of(cls, version: int, models: Iterable[ScoreModel], segments: Iterable[Segment]) -> Definitions:
        """Definitions that fit together.

        Raises:
            Invalid: `unknown_reference`, `segment_cycle` or `too_many`.
        """
        by_model = {model.name: model for model in models}
        by_segment = {one.name: one for one in segments}
        if len(by_segment) > MAX_SEGMENTS or len(by_model) > MAX_MODELS:
            raise Invalid("too_many", f"there may be {MAX_SEGMENTS} segments and {MAX_MODELS} score models")
        known = {"fact": FACTS, "score": by_model.keys(), "segment": by_segment.keys()}
        needs: dict[str, set[str]] = {name: set() for name in by_segment}
        traits = set()
        for one in by_segment.values():
            for reference in one.condition.references():
                if reference.kind == "trait":
                    traits.add(reference.name)
                elif reference.name not in known.get(reference.kind, ()):
                    raise Invalid(
                        "unknown_reference",
                        f"{reference.path}: there is no {reference.kind} named {reference.name!r}",
                    )
                elif reference.kind == "segment":
                    needs[one.name].add(reference.name)
        return cls(
            version=version,
            models=tuple(by_model[name] for name in sorted(by_model)),
            segments=tuple(by_segment[name] for name in _ordered(needs)),
            counted=frozenset(rule.key for model in by_model.values() for rule in model.rules),
            traits=frozenset(traits),
        )

    def with_segment(self, new: Segment) -> Definitions:
        """The next version, with `new` in place of its namesake.

        Raises:
            Invalid: it does not fit with the others.
        """
        others = [one for one in self.segments if one.name != new.name]
        return Definitions.of(self.version + 1, self.models, [*others, new])

    def with_model(self, new: ScoreModel) -> Definitions:
        """The next version, with `new` in place of its namesake.

        Raises:
            Invalid: there are too many.
        """
        others = [one for one in self.models if one.name != new.name]
        return Definitions.of(self.version + 1, [*others, new], self.segments)


def _ordered(needs: Mapping[str, set[str]]) -> list[str]:
    try:
        return list(TopologicalSorter({name: sorted(needs[name]) for name in sorted(needs)}).static_order())
    except CycleError as error:
        path = " -> ".join(reversed(error.args[1]))
        raise Invalid(
            "segment_cycle", f"condition: segments refer to each other in a circle: {path}"
        ) from error
