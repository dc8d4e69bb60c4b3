"""Template documents as marketers write them, and their versions."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.delivery.domain.service_kinds import SERVICE_KINDS
from services.delivery.domain.templates.parts import Channels
from services.delivery.domain.templates.tracks import Track
from services.shared.permission import MessageClass, needs_permission

NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_STOP = re.compile(r"\bSTOP\b")


class TemplateDocument(BaseModel):
    """A template as marketers write it. `class` decides whether permission is needed, so it is never a request's. Of a
    service message, `kind` may say which one it is. `translations` say the same in other languages, by language
    (`nl`), on every channel that `channels` has. `value` is the money that one such message is worth.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    message_class: MessageClass = Field(alias="class")
    purpose: str = Field(default="", pattern=r"^([a-z][a-z0-9_-]{0,63})?$")
    kind: str = ""
    channels: Channels
    translations: dict[Annotated[str, Field(pattern=r"^[a-z]{2}$")], Channels] = Field(
        default={}, max_length=30
    )
    required: list[str] = Field(default=[], max_length=20)
    track: Track | None = None
    value: Decimal | None = Field(default=None, ge=0, le=1_000_000, decimal_places=6)

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if needs_permission(self.message_class) and not self.purpose:
            raise ValueError(f"purpose is required: a {self.message_class} message needs permission")
        if self.message_class == "service" and self.purpose:
            raise ValueError("purpose is not allowed for a service message: it needs no permission")
        if self.kind and (needs_permission(self.message_class) or self.kind not in SERVICE_KINDS):
            raise ValueError("kind is one of the service kinds, and only of a service message")
        if not self.sources():
            raise ValueError("channels needs at least one")
        if needs_permission(self.message_class):
            for name, source in self.sources().items():
                if name.endswith((".email.text", ".email.html")) and "unsubscribe_url" not in source:
                    raise ValueError(f"{name} of a {self.message_class} message must show unsubscribe_url")
        for language, channels in self.translations.items():
            if channels.names() != self.channels.names():
                raise ValueError(f"translations.{language} must have the channels that channels has")
        return self

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
        """The document with what it says in the language of `locale` (`nl`, `nl-NL`), where it is translated."""
        translated = self.translations.get(locale.replace("_", "-").partition("-")[0].lower())
        return self.model_copy(update={"channels": translated, "translations": {}}) if translated else self

    def ways_out(self) -> list[str]:
        """The channels on which the message itself says how to object: by its link, a text message by STOP, and
        whoever is phoned can say it."""
        sources = self.sources()
        linked = {
            name.split(".")[1]
            for name, source in sources.items()
            if name.startswith("channels.") and "unsubscribe_url" in source
        }
        stopped = ["sms"] if _STOP.search(sources.get("channels.sms.text", "")) else []
        return list(dict.fromkeys(["email", *stopped, *sorted(linked), "call"]))

    def digest(self) -> str:
        """SHA-256 of the canonical document: the same document is the same version."""
        # Older versions were made without these.
        unsaid = {name for name in ("kind", "translations") if not getattr(self, name)}
        unsaid |= {name for name in ("value", "track") if getattr(self, name) is None}
        document = self.model_dump(mode="json", by_alias=True, exclude=unsaid)
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Template:
    """A stored version of a document; `version` counts from 1."""

    name: str
    version: int
    document: TemplateDocument
