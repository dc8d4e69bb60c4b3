"""Template documents as marketers write them, and their versions."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.delivery.domain.service_kinds import SERVICE_KINDS
from services.delivery.domain.templates.guards import VARIABLE, Guard
from services.delivery.domain.templates.parts import Channels
from services.delivery.domain.templates.product_blocks import ProductBlock
from services.delivery.domain.templates.tracks import Track
from services.shared.permission import MessageClass, needs_permission

NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_LOCALE = r"^[a-z]{2}(-[A-Z]{2})?$"
_STOP = re.compile(r"\bSTOP\b")
_SAID_LATER = frozenset(
    {
        "kind",
        "translations",
        "mjml",
        "language",
        "fallbacks",
        "missing",
        "guards",
        "blocks",
        "offer",
        "value",
        "track",
    }
)
"""Older versions were made without these: unsaid, they are no part of what makes a version."""

Variable = Annotated[str, Field(pattern=VARIABLE)]
Locale = Annotated[str, Field(pattern=_LOCALE)]
Fallback = Annotated[str, Field(min_length=1, max_length=200)]
BlockName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class TemplateDocument(BaseModel):
    """A template as marketers write it. `class` decides whether permission is needed, so it is never a request's. Of a
    service message, `kind` may say which one it is. `value` is the money that one such message is worth.

    `channels` speak `language`; `translations` say the same in other languages (`nl`) or regions (`nl-BE`), on every
    channel that `channels` has. A variable that is empty takes its word of `fallbacks` (one, or one by language); where
    a `required` one stays empty, or with `missing: block` any that is shown, nothing is sent. `guards` withhold
    variables from whom is not known well enough; `blocks` are lists of products picked for the person; `offer` is the
    one whose price is shown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    message_class: MessageClass = Field(alias="class")
    purpose: str = Field(default="", pattern=r"^([a-z][a-z0-9_-]{0,63})?$")
    kind: str = ""
    channels: Channels
    language: str = Field(default="en", pattern=r"^[a-z]{2}$")
    translations: dict[Locale, Channels] = Field(default={}, max_length=30)
    required: list[str] = Field(default=[], max_length=20)
    track: Track | None = None
    value: float | None = Field(default=None, ge=0, le=1_000_000, allow_inf_nan=False)
    fallbacks: dict[Variable, Fallback | dict[Locale, Fallback]] = Field(default={}, max_length=20)
    missing: Literal["empty", "block"] = "empty"
    guards: dict[BlockName, Guard] = Field(default={}, max_length=10)
    blocks: dict[BlockName, ProductBlock] = Field(default={}, max_length=5)
    offer: str = Field(default="", pattern=r"^([a-z][a-z0-9_-]{0,63})?$")

    @model_validator(mode="after")
    def _rules(self) -> Self:
        needs = needs_permission(self.message_class)
        if needs and not self.purpose:
            raise ValueError(f"purpose is required: a {self.message_class} message needs permission")
        if self.message_class == "service" and self.purpose:
            raise ValueError("purpose is not allowed for a service message: it needs no permission")
        if self.kind and (needs or self.kind not in SERVICE_KINDS):
            raise ValueError("kind is one of the service kinds, and only of a service message")
        if not self.sources():
            raise ValueError("channels needs at least one")
        if not needs and (self.blocks or self.offer):
            raise ValueError("blocks and offer are not allowed for a service message: they promote")
        self._shows_ways_out(needs)
        self._is_translated_whole()
        return self

    def _shows_ways_out(self, needs: bool) -> None:
        for name, source in self.sources().items() if needs else ():
            mail = name.endswith((".email.text", ".email.html", ".email.mjml"))
            if mail and "unsubscribe_url" not in source:
                raise ValueError(f"{name} of a {self.message_class} message must show unsubscribe_url")

    def _is_translated_whole(self) -> None:
        for language, channels in self.translations.items():
            if channels.names() != self.channels.names():
                raise ValueError(f"translations.{language} must have the channels that channels has")
        for name, word in self.fallbacks.items():
            if not isinstance(word, str) and self.language not in word:
                raise ValueError(f"fallbacks.{name} needs a word in {self.language}, the template's language")

    def sources(self) -> dict[str, str]:
        """Each Liquid source by its path in the document; empty ones are left out."""
        found = self.channels.sources("channels")
        for language, channels in self.translations.items():
            found |= channels.sources(f"translations.{language}")
        return found

    def supported(self) -> list[str]:
        """The channels the template can take."""
        return self.channels.names()

    def spoken(self, locale: str) -> TemplateDocument:
        """The document as it speaks to somebody of `locale` (`nl`, `nl_BE`): in the words of that region, else of that
        language, else in its own."""
        wanted, _, region = locale.replace("_", "-").partition("-")
        wanted = wanted.lower()
        for name in (f"{wanted}-{region[:2].upper()}", wanted):
            if name in self.translations:
                return self._in(name, self.translations[name])
        return self._in(self.language, self.channels)

    def _in(self, locale: str, channels: Channels) -> TemplateDocument:
        language = locale[:2]
        words: dict[str, str | dict[str, str]] = {
            name: word if isinstance(word, str) else _first(word, (locale, language, self.language))
            for name, word in self.fallbacks.items()
        }
        changed = {"channels": channels, "translations": {}, "language": language, "fallbacks": words}
        return self.model_copy(update=changed)

    def worth(self) -> Decimal | None:
        """The money that one such message is worth, if that was said."""
        return None if self.value is None else Decimal(str(self.value))

    def ways_out(self) -> list[str]:
        """The channels on which the message itself says how to object: by its link, a text message by STOP, and
        whoever is phoned can say it."""
        said = {channel: self.channels.said_on(channel) for channel in self.channels.names()}
        linked = [
            channel
            for channel, sources in said.items()
            if any("unsubscribe_url" in one for one in sources.values())
        ]
        stopped = ["sms"] if _STOP.search(said.get("sms", {}).get("text", "")) else []
        return list(dict.fromkeys(["email", *stopped, *sorted(linked), "call"]))

    def digest(self) -> str:
        """SHA-256 of the canonical document: the same document is the same version."""
        document = _said(self.model_dump(mode="json", by_alias=True))
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Template:
    """A stored version of a document, ready to be rendered; `version` counts from 1. `source` is the document as it was
    written, where that is another."""

    name: str
    version: int
    document: TemplateDocument
    source: TemplateDocument | None = None

    @property
    def written(self) -> TemplateDocument:
        """The document as marketers wrote it."""
        return self.source or self.document


def _first(words: Mapping[str, str], locales: tuple[str, ...]) -> str:
    return next(words[name] for name in locales if name in words)


def _said(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    silent = {"language": "en", "missing": "empty"}
    return {
        name: _said(inner)
        for name, inner in value.items()
        if name not in _SAID_LATER
        or (inner and inner != silent.get(name))
        or (name == "value" and inner == 0)
    }
