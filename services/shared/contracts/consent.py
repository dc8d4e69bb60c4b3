"""What consent publishes."""

from __future__ import annotations

from typing import ClassVar, Literal

from services.shared.contracts.base import Fact, Instant, Model
from services.shared.contracts.messages import AddressedRequest

ConsentState = Literal["granted", "denied", "revoked"]


class ConsentChange(Model):
    """The folded state of one address for one purpose on one channel, after ledger entry `entry_id`.

    `sequence` grows per address: a consumer drops what is not newer. `address_key` is `addresses.address_key`.
    `send_id` names the message whose link was used to withdraw, where it was one.
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
