"""Copies of contacts and permissions, and what is held of one person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from services.delivery.domain.choice import Standing
from services.delivery.domain.contact import Contact, Gone
from services.delivery.domain.message import Message
from services.shared.contracts.consent import ConsentChange


class Gates(Protocol):
    """Delivery's copies of contacts and permissions, and its suppressions."""

    def contacts(self, profile_ids: Iterable[str]) -> dict[str, Contact | Gone]:
        """The contacts that are known, by profile, or what became of the profile."""
        ...

    def reach(self, profile_ids: Iterable[str]) -> dict[str, Contact | Gone]:
        """The same, of whoever the profiles are by now: a merged one has its winner's contact."""
        ...

    def standings(self, addresses: Mapping[str, tuple[str, str]], purpose: str) -> dict[str, Standing]:
        """What is known of each (address, address key) by channel, read consistently."""
        ...

    def keep_contact(self, contact: Contact, keys: Mapping[str, str]) -> bool:
        """Keep a newer contact and that its address keys (by channel) are this profile's; `False`: not newer, or the
        profile is gone."""
        ...

    def leave(self, profile_id: str, gone: Gone) -> bool:
        """Note that a profile is gone, instead of its contact; `False`: it was given back since."""
        ...

    def keep_permission(self, change: ConsentChange) -> bool:
        """Keep a newer permission; `False`: not newer."""
        ...

    def owner(self, address_key: str) -> str:
        """The profile that an address belongs to by now, or empty."""
        ...

    def note_address(self, address_key: str, send_id: str, until: datetime) -> None:
        """Remember until then that a message without a profile holds this address."""
        ...

    def suppress(self, address_key: str, channel: str, reason: str, at: datetime) -> None:
        """Never send there again; a complaint outlives any other reason."""
        ...


class Traces(Protocol):
    """What else there is of one person, beside the contact and messages."""

    def every_message(self, profile_id: str) -> Iterator[Message]:
        """A profile's messages, newest first; a moment old."""
        ...

    def addressed(self, address_key: str) -> list[str]:
        """Send ids of messages that may hold this address, though they belong to no profile."""
        ...

    def about_address(self, address_key: str) -> list[dict[str, Any]]:
        """Suppressions (`suppressed`) and permissions (`permission`) of an address, as JSON."""
        ...

    def pressure(self, subject: str) -> list[dict[str, Any]]:
        """When messages of which class and channel were sent to a profile or an address key, as far as that counts; and
        in which hours (UTC) they were read."""
        ...

    def disown(self, address_keys: Iterable[str], profile_ids: Iterable[str]) -> int:
        """Forget that addresses belong to any of these profiles; how many did."""
        ...

    def settled(self, profile_id: str, since: datetime) -> int | None:
        """The revision of a profile's ledger; `None` while a message that was claimed since then is not kept."""
        ...

    def close(self, profile_id: str, revision: int, at: datetime) -> int | None:
        """Forget a profile's ledger and list of messages, and let no claim pass that looked at it before; how many
        there were. `None`: it is not at that revision any more."""
        ...

    def forget_pressure(self, address_key: str) -> int:
        """Forget what was sent to an address without a profile; how many ledgers there were."""
        ...

    def forget_addressed(self, address_key: str, send_id: str) -> None:
        """Forget that a message held the address."""
        ...
