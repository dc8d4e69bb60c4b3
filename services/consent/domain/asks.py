"""What people and marketers say to consent, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.consent.domain.purposes import Language, Name, TextVersion
from services.shared.channels import Channel

Asked = Literal["recorded", "repeated", "limited"]
Confirmed = Literal["granted", "repeated", "used"]
Revoked = Literal["revoked", "unchanged"]


class Ask(BaseModel):
    """A request for permission, as a form sends it. `form` names the form and its version (`footer@3`)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    purpose: Name
    channel: Channel
    address: str
    text_version: TextVersion
    language: Language
    form: Annotated[str, Field(pattern=r"^[A-Za-z0-9._@/-]{1,100}$")]
    profile_ref: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,64}$")] = ""


class Withdrawal(BaseModel):
    """A revocation that reached the marketer by another road; `reason` is kept as evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: Channel
    address: str
    purpose: Name
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class Contact(BaseModel):
    """An address on a channel."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: Channel
    address: str


class Objection(BaseModel):
    """Somebody wants no marketing any more, at any of these addresses; `reason` is kept as evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    addresses: Annotated[list[Contact], Field(min_length=1, max_length=50)]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


@dataclass(frozen=True)
class Question:
    """What a public page asks before anything changes; `text` is empty where none was agreed to."""

    title: str
    text: str
    language: str
    nonce: str


class Lookup(BaseModel):
    """Whose states a marketer wants to see."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: Channel
    address: str
