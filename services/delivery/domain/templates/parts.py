"""What a template says on each channel."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from services.delivery.domain.templates.outward_parts import OutwardParts, Part

MOST_HTML = 150_000
"""Characters of HTML an e-mail may have, MJML compiled."""


class EmailPart(Part):
    """An e-mail's sources; what looks like something is written as `html`, or as `mjml` that becomes it."""

    subject: str = Field(min_length=1, max_length=300)
    html: str = Field(default="", max_length=MOST_HTML)
    mjml: str = Field(default="", max_length=50_000)
    text: str = Field(min_length=1, max_length=50_000)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.html and self.mjml:
            raise ValueError("html and mjml: one of them, not both")
        return self


class SmsPart(Part):
    """A text message's source."""

    text: str = Field(min_length=1, max_length=1_000)


class Channels(OutwardParts):
    """What the template says on each channel it supports."""

    email: EmailPart | None = None
    sms: SmsPart | None = None

    def names(self) -> list[str]:
        """The channels there are."""
        return [channel for channel in _ORDER if getattr(self, channel)]

    def said_on(self, channel: str) -> dict[str, str]:
        """Each Liquid source of one channel by its name; empty ones are left out."""
        part: Part | None = getattr(self, channel) if channel in _ORDER else None
        return part.sources() if part else {}

    def sources(self, path: str) -> dict[str, str]:
        """Each Liquid source by its path; empty ones are left out."""
        return {
            f"{path}.{channel}.{name}": source
            for channel in self.names()
            for name, source in self.said_on(channel).items()
        }


_ORDER = ("email", "sms", *OutwardParts.model_fields)
"""Those that most templates have are named first."""
