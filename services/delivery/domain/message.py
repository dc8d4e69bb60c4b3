"""One requested message, from the request to the last thing a recipient did with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from services.delivery.domain.contact import OWNED
from services.shared.permission import needs_permission

Status = Literal["pending", "held", "claimed", "retry", "sent", "skipped", "failed", "unknown", "observed"]
"""`pending`, `held`, `retry`: nothing left us. `claimed`, `unknown`: it may have. `observed`: no message but something
a person did, kept here for the same outbox. The others are final (but see feedback). A `pending` message is the
queue's, and only kept once it had to wait there."""

OPEN: frozenset[str] = frozenset({"claimed", "unknown"})
"""Statuses whose truth is not known yet: feedback or the sweep will settle them."""

WAITING: frozenset[str] = frozenset({"held", "retry"})
"""Statuses that the sweep attempts again: nothing left yet."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """A request and all that became of it; moments are ISO 8601 in UTC.

    `address` is only there for someone without a profile, and with `params` only until the message is settled.
    After `expires_at` (if any), and from `proposition_until` on,
    nothing is sent. `gates` is the decision record; `marks` holds the first moment of each
    kind of feedback. `merged_from` is the profile it was requested for, where that has become part of `profile_id`
    since. `units` is what the provider bills (parts of a text message), `cost` the money that it was expected to cost.
    `claimed_at` of a `held` message is when its attempt is due. `bounce` is the gravest reason of one; `touches` are
    opens and clicks as `touches.Touch` writes them, `links` where they led to, by `touches.link_key`. `inactive`: it
    went to somebody who has shown nothing for long. `variant` are the arms that its walk had taken, `mailbox` the
    mailbox provider; `watched`: it was claimed, and the sweep looks after it, not the queue; `listed`: its person's
    ledger named it before it was kept, so that it need not be found in another way;
    `revenue` (hundredths of `currency`) is what the conversion brought that is put down to it.
    """

    send_id: str
    template: str
    channels: tuple[str, ...]
    requested_at: str
    status: Status = "pending"
    reason: str = ""
    profile_id: str = ""
    merged_from: str = ""
    journey: str = ""
    version: int = 0
    node: str = ""
    enrolment_id: str = ""
    expires_at: str = ""
    priority: int = 0
    proposition: str = ""
    proposition_until: str = ""
    address: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    message_class: str = ""
    purpose: str = ""
    template_version: int = 0
    channel: str = ""
    address_key: str = ""
    consent_entry_id: str = ""
    gates: tuple[Mapping[str, str], ...] = ()
    counted_on: str = ""
    attempt_id: str = ""
    attempts: int = 0
    claimed_at: str = ""
    updated_at: str = ""
    provider_id: str = ""
    units: int = 0
    cost: str = ""
    possible_duplicate: bool = False
    variant: str = ""
    campaign: str = ""
    objective: str = ""
    angle: str = ""
    mailbox: str = ""
    watched: bool = False
    listed: bool = False
    revenue: int = 0
    currency: str = ""
    inactive: bool = False
    marks: Mapping[str, str] = field(default_factory=dict)
    bounce: str = ""
    touches: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def swept(self) -> bool:
        """Does the sweep look after it? A message that was claimed straight from the queue is the queue's: should its
        worker die, the request comes again and finds it."""
        return self.watched or self.status == "unknown" or self.status in WAITING

    @property
    def subject(self) -> str:
        """Whom contact pressure is counted for: the profile, or the address where there is none."""
        return self.profile_id or self.address_key

    @property
    def claimed_by_ledger(self) -> bool:
        """Is its claim the entry in the person's ledger? That moves on with whatever changes about their addresses,
        where it is kept whose these are."""
        return bool(self.profile_id) and not self.address and self.channel in OWNED

    @property
    def is_commercial(self) -> bool:
        """Does it need permission, and count as such for contact pressure? Once it is classed by its template."""
        return needs_permission(self.message_class)

    @property
    def place(self) -> str:
        """The node of a journey that asked for it, or empty."""
        return f"{self.journey}/{self.node}" if self.journey and self.node else ""
