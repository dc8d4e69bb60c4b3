"""What a template says on each channel."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from services.delivery.domain.templates.outward_parts import OutwardParts


class Part(BaseModel):
    """What is said on one channel, or of all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EmailPart(Part):
    """An e-mail's sources; at least one of `html` and `text` says something."""

    subject: str = Field(min_length=1, max_length=300)
    html: str = Field(default="", max_length=100_000)
    text: str = Field(min_length=1, max_length=50_000)


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
            f"{path}.sms.text": self.sms.text if self.sms else "",
        }
        return {name: source for name, source in found.items() if source} | self.outward_sources(path)
