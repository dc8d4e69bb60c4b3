"""What may be put to people: propositions, the products that each is made for, and from when until when it is valid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from services.journeys.domain.document import Document
from services.journeys.domain.nodes import Send
from services.journeys.domain.parts import Name, Part, Text
from services.journeys.domain.rules.problems import Problem
from services.shared.clock import from_iso

OVER = "proposition_over"
"""Why a message is not sent whose proposition is not valid any more."""


class Proposition(Part):
    """`class` says what it is to the customer (an offer, a service); valid from `valid_from` (counted) until
    `valid_until` (not counted), both with a zone, and for ever without the latter."""

    name: Name
    title: Text
    class_: Annotated[Text, Field(alias="class")]
    products: Annotated[list[Text], Field(min_length=1, max_length=200)]
    valid_from: datetime
    valid_until: datetime | None = None

    @field_validator("valid_from", "valid_until", mode="before")
    @classmethod
    def _instant(cls, text: object) -> object:
        if text is None or isinstance(text, datetime):
            return text
        try:
            return from_iso(str(text)).astimezone(UTC)
        except ValueError:
            raise ValueError("must be a time with a zone, such as 2026-12-01T00:00:00Z") from None

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError("valid_until: must be after valid_from")
        return self

    def over(self, at: datetime) -> bool:
        """Is it not valid any more?"""
        return self.valid_until is not None and at >= self.valid_until


def wrong_propositions(
    document: Document, matrix: Mapping[str, Proposition], product: str | None, now: datetime
) -> Iterator[Problem]:
    """What is wrong with the propositions of a document's messages (made for `product`, if that is said). Nothing is,
    while there is no matrix at all."""
    for node_id, send in document.of_type(Send) if matrix else ():
        path = f"nodes.{node_id}.proposition"
        if send.proposition is None:
            continue
        found = matrix.get(send.proposition)
        if found is None:
            yield Problem(path, f"there is no proposition {send.proposition!r}")
        elif found.over(now):
            yield Problem(path, f"{send.proposition!r} is not valid any more")
        elif product is not None and product not in found.products:
            yield Problem(path, f"{send.proposition!r} is not made for {product!r}")


def shown(proposition: Proposition, now: datetime) -> dict[str, object]:
    """A row of the matrix."""
    return {
        **proposition.model_dump(mode="json", by_alias=True),
        "valid": proposition.valid_from <= now and not proposition.over(now),
    }
