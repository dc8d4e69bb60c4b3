"""Whom an address key leads to: by a link, somebody shows that they read the mail of an address, and no more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Mailbox:
    """An address in the form to write to, and the profile whose latest address it is (empty: no profile's)."""

    address: str
    profile_id: str = ""


@dataclass(frozen=True)
class Renaming:
    """A new address that waits for its confirmation: of the profile with the mailbox `before`."""

    renaming_id: str
    before_key: str
    before: str
    after: str
    until: datetime


class Mailboxes(Protocol):
    """Addresses by key."""

    def mailbox(self, address_key: str, now: datetime) -> Mailbox | None:
        """The mailbox of a profile, or one that a link was asked for lately."""
        ...

    def note_asked(self, address_key: str, address: str, until: datetime) -> None:
        """Remember until then the address that a link was asked for."""
        ...

    def renaming(self, profile_id: str, now: datetime) -> Renaming | None:
        """The new address that the profile's owner asked for last."""
        ...

    def note_renaming(self, profile_id: str, renaming: Renaming) -> None:
        """Remember it instead of any other."""
        ...

    def leave(self, address_key: str, profile_id: str) -> None:
        """The mailbox is this profile's no more."""
        ...

    def hand_over(self, address_key: str, loser: str, winner: str) -> None:
        """Of two profiles that became one: the mailbox is the winner's if it is its latest address, else nobody's."""
        ...

    def close(self, address_keys: Iterable[str]) -> None:
        """Forget these mailboxes."""
        ...
