"""What a template says by push, in a letter, to whoever phones, on a wallet pass, to a webhook, and on a website."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer


class Part(BaseModel):
    """What is said on one channel."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def sources(self) -> dict[str, str]:
        """Each Liquid source by its name; empty ones are left out."""
        return {name: source for name, source in self if source}


class _Said(Part):
    text: str = Field(min_length=1, max_length=5_000)


class PushPart(_Said):
    """A notification: title (`subject`), `text`, and what it opens."""

    subject: str = Field(min_length=1, max_length=200)
    url: str = Field(default="", max_length=500)


class PrintPart(_Said):
    """A letter. `pack` is the printer's name of what goes into the envelope, `sample` of what is added to it."""

    pack: str = Field(min_length=1, max_length=100)
    sample: str = Field(default="", max_length=100)


class CallPart(_Said):
    """A call: what it is about (`subject`), and what is to be said."""

    subject: str = Field(min_length=1, max_length=200)


class WalletPart(_Said):
    """A line on the pass, that the device shows as a notification."""


class WebhookPart(_Said):
    """What a receiver of our own is to tell the person."""


class WebPart(_Said):
    """What a website or an app shows in a slot to somebody who comes there: title (`subject`), `text`, and where it
    leads to."""

    subject: str = Field(min_length=1, max_length=200)
    url: str = Field(default="", max_length=500)


class OutwardParts(BaseModel):
    """The channels beside e-mail and text messages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    push: PushPart | None = None
    print: PrintPart | None = None
    call: CallPart | None = None
    wallet: WalletPart | None = None
    webhook: WebhookPart | None = None
    web: WebPart | None = None

    @model_serializer(mode="wrap")
    def _without_silence(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Versions from before these channels keep their digest.
        return {name: said for name, said in write(self).items() if said or name in ("email", "sms")}
