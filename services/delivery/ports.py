"""What delivery needs from the outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from services.delivery.domain.choice import Standing
from services.delivery.domain.contact import Contact
from services.delivery.domain.message import Message
from services.delivery.domain.outcomes import RowKey
from services.delivery.domain.protocol import Answer
from services.delivery.domain.template import Rendered, Template, TemplateDocument
from services.shared.contracts.consent import ConsentChange

Secret = Callable[[], str]
"""A secret, read when it is needed, so that a rotation reaches running functions."""

ClaimVerdict = Literal["claimed", "taken", "capped", "moved"]
"""`taken`: someone else has or had the message; `capped`: contact pressure; `moved`: a gate changed since it was
read."""


class Stale(Exception):
    """A conditional update lost; `current` is what stands there (`None`: nothing)."""

    def __init__(self, current: Message | None) -> None:
        super().__init__("the message changed meanwhile")
        self.current = current


class Messages(Protocol):
    """The ledger of messages."""

    def create(self, message: Message) -> Message:
        """Keep a new message; an existing one of that id stays and is returned."""
        ...

    def get(self, send_id: str) -> Message | None:
        """The message as it stands now."""
        ...

    def update(self, seen: Message, new: Message) -> None:
        """Write the difference.

        Raises:
            Stale: the message no longer is what was seen, in its state or in a field that would change.
        """
        ...

    def claim(self, seen: Message, new: Message, cap: int) -> ClaimVerdict:
        """Consent, suppression, contact pressure and claim in one transaction; `cap` is the day's limit."""
        ...

    def open_before(self, moment: datetime) -> Iterable[str]:
        """Send ids whose fate has been open since before `moment`, oldest first within a partition."""
        ...

    def retry_before(self, moment: datetime) -> Iterable[str]:
        """Send ids that wait for another attempt since the last one began before `moment`, ordered alike."""
        ...

    def of_profile(self, profile_id: str, limit: int) -> list[Message]:
        """A profile's latest messages, newest first."""
        ...


class Gates(Protocol):
    """Delivery's copies of contacts and permissions, and its suppressions."""

    def contacts(self, profile_ids: Iterable[str]) -> dict[str, Contact]:
        """The contacts that are known, by profile."""
        ...

    def standings(self, addresses: Mapping[str, tuple[str, str]], purpose: str) -> dict[str, Standing]:
        """What is known of each (address, address key) by channel, read consistently."""
        ...

    def keep_contact(self, contact: Contact, keys: Mapping[str, str]) -> bool:
        """Keep a newer contact and that its address keys (by channel) are this profile's; `False`: not newer."""
        ...

    def keep_permission(self, change: ConsentChange) -> bool:
        """Keep a newer permission; `False`: not newer."""
        ...

    def owner(self, address_key: str) -> str:
        """The profile that an address belongs to, or empty."""
        ...

    def suppress(self, address_key: str, channel: str, reason: str, at: datetime) -> None:
        """Never send there again; a complaint outlives any other reason."""
        ...


class Templates(Protocol):
    """Template documents by name."""

    def latest(self, name: str) -> Template | None:
        """The newest version."""
        ...

    def put(self, name: str, document: TemplateDocument, at: datetime) -> int:
        """Keep a document as the newest version unless it already is; the version."""
        ...

    def all(self) -> list[Template]:
        """The newest version of each."""
        ...


@dataclass(frozen=True)
class Outgoing:
    """One message ready to leave."""

    send_id: str
    to: str
    content: Rendered
    commercial: bool
    unsubscribe_url: str
    at: datetime


class Sender(Protocol):
    """A provider of one channel."""

    def send(self, outgoing: Outgoing) -> Answer:
        """Attempt once, never twice; every outcome is a value."""
        ...


class Counters(Protocol):
    """Report rows that count each batch once."""

    def add(self, batch_id: str, counts: Mapping[RowKey, Mapping[str, int]], at: datetime) -> None:
        """Add a batch's counts, unless that batch has been counted."""
        ...

    def totals(self) -> Sequence[Mapping[str, Any]]:
        """One row per journey, template and channel, over all days."""
        ...
