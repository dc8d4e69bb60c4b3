"""Segments: people for whom a condition holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from services.scoring.domain.definitions.needs import Needs
from services.scoring.domain.places import Held, Place
from services.shared.conditions import Condition, Reference, View, evaluate, explain, next_flip, parse
from services.shared.errors import Invalid

MEMBER = "in"
"""The value of a place in a segment."""


@dataclass(frozen=True)
class Segment:
    """Membership follows the condition."""

    kind: ClassVar[str] = "segment"

    name: str
    condition: Condition
    silent: bool = False

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any]) -> Segment:
        """The segment that `{"condition": {...}}` describes. With `"silent": true`, those whom it finds when it is
        defined are in it without a word; only who comes or goes later is told.

        Raises:
            Invalid: `invalid_segment` or `invalid_condition`.
        """
        for key in document:
            if key not in ("name", "condition", "silent"):
                raise Invalid("invalid_segment", f"{key}: is not known here")
        silent = document.get("silent", False)
        if not isinstance(silent, bool):
            raise Invalid("invalid_segment", "silent: must be true or false")
        if "condition" not in document:
            raise Invalid("invalid_segment", "condition: is required")
        return cls(name, parse(document["condition"]), silent)

    @property
    def values(self) -> tuple[str, ...]:
        return (MEMBER,)

    @property
    def subjects(self) -> tuple[str, ...]:
        return ("",)

    @cached_property
    def needs(self) -> Needs:
        return Needs.of([self.condition])

    def document(self) -> dict[str, Any]:
        silent = {"silent": True} if self.silent else {}
        return {"name": self.name, "condition": self.condition.document, **silent}

    def references(self) -> Iterable[Reference]:
        return self.condition.references()

    def settle(self, view: View, held: Held, at: datetime) -> Held:
        if not evaluate(self.condition, view, at):
            return {}
        return held or {"": Place(MEMBER, at)}

    def explained(self, view: View, held: Held, at: datetime) -> dict[str, Any]:
        return explain(self.condition, view, at).document()

    def next_flip(self, view: View, held: Held, after: datetime) -> datetime | None:
        return next_flip(self.condition, view, after) if self.condition.ages else None
