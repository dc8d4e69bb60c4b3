"""Purposes: what people can be asked permission for, and the exact texts they were shown."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from services.consent.domain.bases import Basis, Contract, DoubleOptIn, SoftOptIn, Terms, terms
from services.shared.channels import CHANNELS, CONFIRMED, Channel
from services.shared.errors import Conflict, Invalid

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
TextVersion = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,32}$")]

MAX_TEXTS_BYTES = 200_000
"""Of all texts of a purpose together; a DynamoDB item holds 400 KB."""


class ConsentText(BaseModel):
    """A text in one language. `active` ones can be agreed to; the others stay as proof of what was."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: TextVersion
    language: Language
    text: Annotated[str, Field(min_length=10, max_length=4_000)]
    active: bool = True

    @property
    def hash(self) -> str:
        """SHA-256 of the text's UTF-8 bytes."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class Purpose(BaseModel):
    """Something to ask permission for, on some channels; whoever signs up on a form confirms it by double opt-in, where
    a message can carry the question (`CONFIRMED`). On other channels permissions are imported with their evidence, or
    rest on a sale; people take them back like any.

    `bases` holds the channels on which it rests on something else than double opt-in, or lapses.
    `preference_centre` says what a tick there is worth: `double_opt_in` asks for the same confirmation, `signed_link`
    takes it as given where the page was opened by a link sent to that very address. `remind_after_days`: whoever has
    not confirmed by then is asked once more (`None`, and by default, never).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: Annotated[str, Field(min_length=1, max_length=120)]
    channels: Annotated[list[Channel], Field(min_length=1, max_length=len(CHANNELS))]
    basis: Literal["double_opt_in"] = "double_opt_in"
    bases: dict[Channel, Basis] = {}
    preference_centre: Literal["double_opt_in", "signed_link"] = "double_opt_in"
    remind_after_days: Annotated[int, Field(ge=1, le=14)] | None = None
    texts: Annotated[list[ConsentText], Field(min_length=1, max_length=200)]

    @field_validator("texts")
    @classmethod
    def _one_text_per_version(cls, texts: list[ConsentText]) -> list[ConsentText]:
        if len({(t.version, t.language) for t in texts}) != len(texts):
            raise ValueError("two texts have the same version and language")
        return texts

    @model_validator(mode="after")
    def _bases_of_channels(self) -> Self:
        if unoffered := sorted(set(self.bases) - set(self.channels)):
            raise ValueError(f"bases: not a channel of the purpose: {', '.join(unoffered)}")
        return self

    @field_validator("channels")
    @classmethod
    def _distinct(cls, channels: list[Channel]) -> list[Channel]:
        if len(set(channels)) != len(channels):
            raise ValueError("a channel is named twice")
        return channels

    def basis_on(self, channel: Channel) -> DoubleOptIn | SoftOptIn | Contract:
        """What it rests on there."""
        return self.bases.get(channel) or DoubleOptIn()

    def confirmed_on(self) -> list[Channel]:
        """Those of them where a message asks for the confirmation."""
        return [channel for channel in self.asked_on() if channel in CONFIRMED]

    def asked_on(self) -> list[Channel]:
        """The channels on which people decide; what belongs to a contract asks nobody."""
        return [channel for channel in self.channels if not isinstance(self.basis_on(channel), Contract)]

    def terms(self, channel: str, at: datetime, *, soft: bool = False) -> Terms:
        """What somebody permits who says so at `at`, on a channel that may have been taken away since."""
        basis = next((self.basis_on(one) for one in self.channels if one == channel), DoubleOptIn())
        return terms(basis, at, soft=soft)

    def text(self, version: str, language: str) -> ConsentText | None:
        """The text with this version and language, active or not."""
        return next((t for t in self.texts if (t.version, t.language) == (version, language)), None)

    def text_today(self, language: str, version: str = "") -> ConsentText | None:
        """The text to agree to today: the one of this version and language, or else the last in that language, or
        else the last of all. A language is the same whatever its region."""
        active = [text for text in self.texts if text.active]
        same_language = [text for text in active if text.language[:2] == language[:2]]
        same_text = [text for text in same_language if (text.version, text.language) == (version, language)]
        return next(iter([*same_text, *same_language[-1:], *active[-1:]]), None)


def terms_of(purpose: Purpose | None, channel: str, at: datetime) -> Terms:
    """What somebody permits who says so at `at`, whatever became of the purpose."""
    return purpose.terms(channel, at) if purpose else terms(DoubleOptIn(), at)


def amend(stored: Purpose | None, wanted: Purpose) -> Purpose:
    """`wanted`, with the stored texts it leaves out kept as inactive: people agreed to them.

    Raises:
        Conflict: `text_immutable` when a stored text would read differently.
        Invalid: `texts_too_large` when the texts no longer fit one item.
    """
    kept = []
    for old in stored.texts if stored else []:
        new = wanted.text(old.version, old.language)
        if new is None:
            kept.append(old.model_copy(update={"active": False}))
        elif new.text != old.text:
            raise Conflict(
                "text_immutable",
                f"text {old.version} ({old.language}) exists; give a changed text a new version",
            )
    amended = wanted.model_copy(update={"texts": [*wanted.texts, *kept]})
    if sum(len(t.text.encode()) for t in amended.texts) > MAX_TEXTS_BYTES:
        raise Invalid("texts_too_large", f"all texts of a purpose may have {MAX_TEXTS_BYTES} bytes together")
    return amended
