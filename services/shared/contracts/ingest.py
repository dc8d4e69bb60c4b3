"""What ingest publishes."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from services.shared.contracts.base import Fact, Instant, Model

CallType = Literal["identify", "track", "page", "screen", "group", "alias"]


class CustomerEvent(Model):
    """One accepted call of a client, in Segment's terms.

    `name` is a track call's event (`Order Completed`), a page's or screen's name, else the call's type.
    """

    message_id: str
    type: CallType
    name: str
    at: Instant
    properties: dict[str, Any] = {}


class ProfileChange(Model):
    """The state of a profile after a batch, and the events of that batch in time order.

    `version` grows by one per write: a consumer drops what is not newer than what it has.
    `traits` is the whole current set (`email`, `phone`, `firstName`, `locale`, `preferredChannel`, …), and
    `traits_version` the version that last changed it: who keeps a copy of traits need not write it for each order.
    """

    profile_id: str
    version: int
    at: Instant
    events: list[CustomerEvent]
    traits: dict[str, Any] = {}
    traits_version: int = 0


class ProfilesChanged(Fact):
    """Profiles that a batch of customer events changed."""

    source: ClassVar[str] = "halte.ingest"
    detail_type: ClassVar[str] = "ProfilesChanged.v1"
    personal: ClassVar[bool] = True

    changes: list[ProfileChange]
