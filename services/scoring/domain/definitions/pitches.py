"""Pitches: how propositions may be put to people, so that each can be told what to do next for whom. A pitch has the
name of its proposition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from services.scoring.domain.analysis.evidence import Share
from services.scoring.domain.analysis.next_best import Habits
from services.scoring.domain.definitions.bands import Word
from services.scoring.domain.definitions.base import Named, Part, Written
from services.scoring.domain.definitions.margins import MAX_MARGIN
from services.scoring.domain.definitions.needs import Needs
from services.shared.conditions import Reference
from services.shared.conditions.limits import MAX_NAME

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Count = Annotated[int, Field(ge=0, le=10**12)]
Hour = Annotated[str, Field(pattern=r"^(1?[0-9]|2[0-3])$")]
Templates = Annotated[list[Name], Field(max_length=50)]


class Answers(Part):
    """`answers` among `messages`."""

    answers: Count
    messages: Count

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.answers > self.messages:
            raise ValueError("answers: are more than messages")
        return self


class Everybody(Part):
    """What everybody did: opens, clicks and visits by local hour, and of each tone the answers among the messages. It
    is mixed in with what a person did, where that is little."""

    hours: dict[Hour, Count] = {}
    tones: dict[Word, Answers] = {}


class Document(Named):
    """A proposition as a marketer writes it. `margin`: the money it brings if it is taken, in the one currency of the
    shop. `propensity`: the learned score that says how probable that is. `tones`: what it is written in, each with the
    templates that speak so; the first is the default. `channels`: for people with no preference, in this order; what
    goes over them needs permission for `purpose`."""

    margin: Annotated[float, Field(ge=0, le=MAX_MARGIN, allow_inf_nan=False)]
    propensity: Name
    purpose: Name
    channels: Annotated[list[Literal["email", "sms"]], Field(min_length=1, max_length=2)] = ["email", "sms"]
    tones: Annotated[dict[Word, Templates], Field(min_length=1, max_length=20)] = {"neutral": []}
    everybody: Everybody = Everybody()


@dataclass(frozen=True)
class Pitch(Written[Document]):
    """The pitch of a document."""

    kind: ClassVar[str] = "pitch"

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any]) -> Pitch:
        """The pitch that `{"margin", "propensity", "purpose", "channels"?, "tones"?, "everybody"?}` describes.

        Raises:
            pydantic.ValidationError: a field breaks its rule.
        """
        return cls(Document.model_validate({**document, "name": name}))

    @property
    def needs(self) -> Needs:
        """The permissions for its purpose."""
        return Needs(consents=frozenset((self.source.purpose, one) for one in self.source.channels))

    def references(self) -> Iterable[Reference]:
        """The score, and the permissions."""
        yield Reference("score", self.source.propensity, "propensity")
        for channel in self.source.channels:
            yield Reference("consent", f"{self.source.purpose}/{channel}", "purpose")

    @cached_property
    def everybody(self) -> Habits:
        """What everybody did."""
        told = self.source.everybody
        hours = {int(hour): count for hour, count in told.hours.items()}
        tones = {tone: Share(one.answers, one.messages) for tone, one in told.tones.items()}
        return Habits(hours, tones)
