"""What the marketer says of channels: where home is, and who listens on the other side."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.shared.net.destinations import read_url

NO_RECEIVER = "no_receiver"
"""Why nothing is told where the document names nobody to tell."""

Url = Annotated[str, Field(max_length=1_000)]


class ChannelTerms(BaseModel):
    """The document. `webhook` is told messages on that channel, `wallet` is the issuer of passes; both in requests that
    are signed. Without a receiver nothing leaves there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home_country: str = Field(default="NL", pattern=r"^[A-Z]{2}$")
    webhook: Url = ""
    wallet: Url = ""

    def receiver(self, channel: str) -> str:
        """The URL of who listens there, or empty."""
        return {"webhook": self.webhook, "wallet": self.wallet}.get(channel, "")


def read_terms(document: object, places: frozenset[str]) -> ChannelTerms:
    """The checked document. `places` are the `host:port`s that may be any.

    Raises:
        pydantic.ValidationError: a field breaks its rule.
        Invalid: `unsafe_url`, a receiver is not on the public internet.
    """
    terms = ChannelTerms.model_validate(document)
    for url in (terms.webhook, terms.wallet):
        if url:
            read_url(url, places)
    return terms
