"""A journey as it is written, and what is known of its messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator

from services.journeys.domain.document import Document
from services.journeys.domain.parts import Part
from services.journeys.domain.validation import InvalidJourney, judge, read_document
from services.shared.errors import Invalid
from services.shared.permission import MessageClass, needs_permission


class Wording(Part):
    """What matters here of a message: a commercial one needs the permission for `purpose`."""

    kind: MessageClass = Field(alias="class")
    purpose: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")] | None = None

    @model_validator(mode="after")
    def _has_a_purpose(self) -> Self:
        if needs_permission(self.kind) is (self.purpose is None):
            raise ValueError("purpose belongs to messages that are no service, and each has one")
        return self


@dataclass(frozen=True)
class Source:
    """A journey as it is written, and what is known of its messages: nothing, unless the file says it as those of the
    library do."""

    origin: str
    raw: Mapping[str, Any]
    messages: Mapping[str, Wording]

    def document(self) -> Document:
        """The journey.

        Raises:
            Invalid: `wrong_file`, with all that is wrong with it.
        """
        try:
            return read_document(self.raw)
        except InvalidJourney as error:
            problems = "".join(f"\n  {one.path}: {one.message}" for one in error.problems)
            raise Invalid("wrong_file", f"{self.origin} is no valid journey:{problems}") from error

    def problems(self) -> tuple[list[str], list[str]]:
        """What keeps it from being published, and what may not be meant, by path."""
        verdict = judge(self.raw)
        return (
            [f"{one.path}: {one.message}" for one in verdict.problems],
            [f"{one.path}: {one.message}" for one in verdict.warnings],
        )
