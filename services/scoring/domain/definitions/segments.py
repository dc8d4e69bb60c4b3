"""Segments: people for whom a condition holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from services.scoring.domain.places import Held, Place
from services.shared.conditions import Condition, Reference, View, evaluate, next_flip, parse
from services.shared.errors import Invalid

MEMBER = "in"
"""The value of a place in a segment."""


@dataclass(frozen=True)
class Segment:
    """Membership follows the condition."""

    kind: ClassVar[str] = "segment"

    name: str
    condition: Condition

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any]) -> Segment:
        """The segment that `{"condition": {...}}` describes.

        Raises:
            Invalid: `invalid_segment` or `invalid_condition`.
        """
        for key in document:
            if key not in ("name", "condition"):
                raise Invalid("invalid_segment", f"{key}: is not known here")
        if "condition" not in document:
            raise Invalid("invalid_segment", "condition: is required")
        return cls(name, parse(document["condition"]))

    @property
    def values(self) -> tuple[str, ...]:
        return (MEMBER,)

    @property
    def subjects(self) -> tuple[str, ...]:
        return ("",)

    def document(self) -> dict[str, Any]:
        return {"name": self.name, "condition": self.condition.document}

    def references(self) -> Iterable[Reference]:
        return self.condition.references()

    def settle(self, view: View, held: Held, at: datetime) -> Held:
        if not evaluate(self.condition, view, at):
            return {}
        return held or {"": Place(MEMBER, at)}

    def next_flip(self, view: View, held: Held, after: datetime) -> datetime | None:
        return next_flip(self.condition, view, after) if self.condition.ages else None
