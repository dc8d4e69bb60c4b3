"""Fit models: how well a person, or the firm a person belongs to, fits what is sold; a grade, by rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from services.scoring.domain.definitions.base import (
    Named,
    OfPerson,
    Part,
    Written,
    condition_at,
    references_at,
)
from services.scoring.domain.definitions.needs import Needs
from services.scoring.domain.places import Held, Place
from services.shared.conditions import Condition, Reference, View, evaluate, explain, next_flip
from services.shared.records import GROUP

Grade = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,31}$")]


class GradeRule(Part):
    """A grade for those of whom `when` holds."""

    when: dict[str, Any]
    grade: Grade


class Document(Named):
    """A fit model as a marketer writes it: the first rule that holds gives the grade, else the default is."""

    of: Literal["person", "group"] = "person"
    rules: Annotated[list[GradeRule], Field(min_length=1, max_length=50)]
    default: Grade


@dataclass(frozen=True)
class FitModel(Written[Document], OfPerson):
    """The grades of a document, with its conditions compiled.

    Of a `group`, a rule's `when` is a filter on the group's record (`{"field": ["fields", "employees"], "gte": 50}`),
    and whoever was told to be a member inherits the grade; of several groups, any may meet a rule.
    """

    kind: ClassVar[str] = "fit-model"

    conditions: tuple[Condition, ...]

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any]) -> FitModel:
        """The model that `{"rules": [{"when", "grade"}], "default": grade, "of"?}` describes.

        Raises:
            Invalid: `invalid_condition`, with the path of the rule.
            pydantic.ValidationError: another field breaks its rule.
        """
        source = Document.model_validate({**document, "name": name})
        return cls(source, tuple(_condition(source, i) for i in range(len(source.rules))))

    @property
    def values(self) -> tuple[str, ...]:
        """The grades, the default last."""
        grades = dict.fromkeys(rule.grade for rule in self.source.rules if rule.grade != self.source.default)
        return (*grades, self.source.default)

    @cached_property
    def needs(self) -> Needs:
        return Needs.of(self.conditions)

    def references(self) -> Iterable[Reference]:
        for i, condition in enumerate(self.conditions):
            yield from references_at(f"rules.{i}.when", condition)

    def settle(self, view: View, held: Held, at: datetime) -> Held:
        grade = self._grade(view, at)
        place = held.get("")
        return held if place and place.value == grade else {"": Place(grade, at)}

    def explained(self, view: View, held: Held, at: datetime) -> dict[str, Any]:
        """The grade, and each rule with why it holds or not."""
        return {
            "grade": self._grade(view, at),
            "rules": [
                {"grade": rule.grade, "when": explain(condition, view, at).document()}
                for rule, condition in zip(self.source.rules, self.conditions, strict=True)
            ],
        }

    def next_flip(self, view: View, held: Held, after: datetime) -> datetime | None:
        flips = [next_flip(condition, view, after) for condition in self.conditions if condition.ages]
        return min((flip for flip in flips if flip is not None), default=None)

    def _grade(self, view: View, at: datetime) -> str:
        for rule, condition in zip(self.source.rules, self.conditions, strict=True):
            if evaluate(condition, view, at):
                return rule.grade
        return self.source.default


def _condition(source: Document, i: int) -> Condition:
    when = source.rules[i].when
    document = when if source.of == "person" else {"relation": GROUP, "where": when}
    return condition_at(f"rules.{i}.when", document)
