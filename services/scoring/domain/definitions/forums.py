"""Forums: places where people write of a brand, and the segment whose mood they are taken to tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.scoring.domain.definitions.needs import Needs
from services.shared.conditions import Reference
from services.shared.errors import Invalid
from services.shared.net.destinations import read_url

MINIMUM_MEMBERS = 20

Word = Annotated[str, Field(min_length=2, max_length=100, pattern=r"\w")]
Topic = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]


class Forum(BaseModel):
    """`topics` are words and phrases by topic; `feed` is an RSS or Atom feed that is read for it (empty: what comes, is
    sent). A mention weighs half as much after each `half_life_days`. A segment with fewer than `minimum_members` is
    shown nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str] = "forum"

    name: str
    segment: Annotated[str, Field(max_length=64)] = ""
    feed: Annotated[str, Field(max_length=1000)] = ""
    topics: Annotated[
        dict[Topic, Annotated[list[Word], Field(min_length=1, max_length=20)]], Field(max_length=5)
    ] = {}
    half_life_days: Annotated[int, Field(ge=1, le=365)] = 14
    minimum_members: Annotated[int, Field(ge=MINIMUM_MEMBERS, le=1_000_000)] = MINIMUM_MEMBERS

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any]) -> Forum:
        """The forum that a document describes.

        Raises:
            pydantic.ValidationError: a field breaks its rule.
            Invalid: `unsafe_url`.
        """
        forum = cls.model_validate({**document, "name": name})
        if forum.feed:
            try:
                read_url(forum.feed)
            except Invalid as error:
                raise Invalid(error.code, f"feed: {error.message}") from error
        return forum

    def document(self) -> dict[str, Any]:
        """It as JSON."""
        return self.model_dump()

    def references(self) -> Iterable[Reference]:
        """The segment."""
        return (Reference("segment", self.segment, "segment"),) if self.segment else ()

    @cached_property
    def needs(self) -> Needs:
        """Nothing of anybody's events."""
        return Needs()
