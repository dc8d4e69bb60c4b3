"""What consent publishes."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from services.shared.contracts.base import Fact, Instant, Model
from services.shared.contracts.messages import AddressedRequest

EVERY = "*"
"""As a purpose: all of them, those to come among them. Only ever revoked, by whoever objects to all marketing; the
permissions that this ended are told beside it."""

ConsentState = Literal["granted", "denied", "revoked"]


class ConsentChange(Model):
    """The folded state of one address for one purpose on one channel, after ledger entry `entry_id`.

    `sequence` grows per address: a consumer drops what is not newer. `address_key` is `addresses.address_key`.
    `send_id` names the message whose link was used to withdraw, where it was one. A grant has a `basis`, and may have a
    moment `until` which it holds; that it lapsed is told as `denied`: nobody withdrew it. `recorded_at` is when the
    entry was written, by the real clock and for measuring only.
    """

    address_key: str
    purpose: str
    channel: str
    state: ConsentState
    entry_id: str
    text_version: str
    sequence: int
    at: Instant
    send_id: str = ""
    basis: str = ""
    until: Instant | None = None
    recorded_at: Instant | None = None


class ConsentChanged(Fact):
    """Permissions given or withdrawn."""

    source: ClassVar[str] = "halte.consent"
    detail_type: ClassVar[str] = "ConsentChanged.v1"

    changes: list[ConsentChange]


class ConfirmationRequested(Fact):
    """Double opt-in messages to send; they carry the address, because nobody else knows it yet."""

    source: ClassVar[str] = "halte.consent"
    detail_type: ClassVar[str] = "ConfirmationRequested.v1"
    personal: ClassVar[bool] = True

    requests: list[AddressedRequest]


class NoticeRequested(Fact):
    """Service messages for an address: that a person's address was replaced, how to get back into an account."""

    source: ClassVar[str] = "halte.consent"
    detail_type: ClassVar[str] = "NoticeRequested.v1"
    personal: ClassVar[bool] = True

    requests: list[AddressedRequest]


class PermissionChange(Model):
    """What a person made of one permission: `requested` ones wait for a confirmation."""

    purpose: str
    channel: str
    state: Literal["granted", "revoked", "requested"]


class PreferencesChange(Model):
    """What somebody who reads the mail of `address` said in the preference centre. The same `change_id` again is the
    same change.

    `traits` say something of the person (`firstName`, `lastName`, `address`, `locale`) and of how to write to them
    (`preferredChannel`, `frequency` in seven days, `quietHours`, `timezone`, `pausedUntil`); `email` is a new address
    whose mail is read as well, `phone` a new number whose messages are (empty: the same as before).
    """

    change_id: str
    address: str
    at: Instant
    traits: dict[str, Any] = {}
    email: str = ""
    phone: str = ""
    permissions: list[PermissionChange] = []


class PreferencesChanged(Fact):
    """What people changed themselves: ingest reads it as customer events. Permissions are in the ledger already."""

    source: ClassVar[str] = "halte.consent"
    detail_type: ClassVar[str] = "PreferencesChanged.v1"
    personal: ClassVar[bool] = True

    changes: list[PreferencesChange]
