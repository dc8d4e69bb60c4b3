"""What a template says on each channel."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.delivery.domain.templates.outward_parts import OutwardParts

MOST_HTML = 150_000
"""Characters of HTML an e-mail may have, MJML compiled."""


class Part(BaseModel):
    """What is said on one channel, or of all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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
        return [*(c for c, part in (("email", self.email), ("sms", self.sms)) if part), *self.said()]

    def sources(self, path: str) -> dict[str, str]:
        """Each Liquid source by its path; empty ones are left out."""
        found = {
            f"{path}.email.subject": self.email.subject if self.email else "",
            f"{path}.email.text": self.email.text if self.email else "",
            f"{path}.email.html": self.email.html if self.email else "",
            f"{path}.email.mjml": self.email.mjml if self.email else "",
            f"{path}.sms.text": self.sms.text if self.sms else "",
        }
        return {name: source for name, source in found.items() if source} | self.outward_sources(path)
