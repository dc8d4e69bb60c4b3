"""What the use cases of mentions need from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from services.scoring.domain.mentions import Days, Mention
from services.shared.net.guarded_https import NoReply, Reply


class Polarity(Protocol):
    """How a text sounds."""

    def of(self, text: str, language: str) -> float | None:
        """From -1 (bad) to 1 (good); `None` where the language is none that it reads."""
        ...


class Mentions(Protocol):
    """Mentions by day and topic, under an owner: `forum/<name>` or `segment/<name>`."""

    def add(self, mention: Mention, owners: Sequence[str], now: datetime) -> bool:
        """Count it for each of `owners`, at once; `False`: it was counted before."""
        ...

    def days(self, owner: str, first: date) -> Days:
        """From the day `first` on."""
        ...

    def note_feed(self, forum: str, state: Mapping[str, Any]) -> None:
        """Keep how the last reading of a feed went."""
        ...

    def feed(self, forum: str) -> Mapping[str, Any] | None:
        """The same."""
        ...


@dataclass(frozen=True)
class FeedEntry:
    """One entry of a feed, in plain text; what it does not say is empty."""

    guid: str
    url: str
    text: str
    at: datetime | None
    language: str


class UnreadableFeed(Exception):
    """It is neither RSS nor Atom, or tries something."""


class FeedReader(Protocol):
    """Understands feeds."""

    def read(self, body: bytes) -> Sequence[FeedEntry]:
        """Its entries, as many as may be.

        Raises:
            UnreadableFeed: see there.
        """
        ...


class Fetch(Protocol):
    """Fetches feeds."""

    def get(self, url: str, headers: Mapping[str, str], limit: int) -> Reply | NoReply:
        """A body of at most `limit` bytes."""
        ...
