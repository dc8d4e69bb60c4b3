"""What delivery publishes."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from services.shared.contracts.base import Fact, Instant, Model


class MessageOutcome(Model):
    """What became of one request; `reason` says why it was not sent. `provider_id` is the provider's id for what it
    accepted, `template_version` the version of the template it was made of."""

    send_id: str
    profile_id: str
    journey: str
    node: str
    template: str
    channel: str
    at: Instant
    reason: str = ""
    consent_entry_id: str = ""
    provider_id: str = ""
    template_version: int = 0


class MessageSent(Fact):
    """Messages that a provider accepted."""

    source: ClassVar[str] = "halte.delivery"
    detail_type: ClassVar[str] = "MessageSent.v1"

    messages: list[MessageOutcome]


class MessageSkipped(Fact):
    """Messages that a gate held back for good."""

    source: ClassVar[str] = "halte.delivery"
    detail_type: ClassVar[str] = "MessageSkipped.v1"

    messages: list[MessageOutcome]


class MessageFailed(Fact):
    """Messages that a provider refused, or whose fate stayed unknown."""

    source: ClassVar[str] = "halte.delivery"
    detail_type: ClassVar[str] = "MessageFailed.v1"

    messages: list[MessageOutcome]


class Complaint(Model):
    """A recipient called message `send_id` spam, or wants no more such by the provider's own way to `unsubscribe`.
    `purpose` is what it was sent for, empty where it needed none; `address_key` is `addresses.address_key`."""

    send_id: str
    address_key: str
    channel: str
    purpose: str
    at: Instant
    means: Literal["complaint", "unsubscribe"] = "complaint"


class ComplaintsReceived(Fact):
    """Complaints, each message's first: consent ends what it was sent for."""

    source: ClassVar[str] = "halte.delivery"
    detail_type: ClassVar[str] = "ComplaintsReceived.v1"

    complaints: list[Complaint]


class OutcomesObserved(Fact):
    """Opens, clicks, bounces … as customer events in Segment's shape and names, for ingest's front door.

    Each has `type: track`, `event` (`Email Opened`), `messageId`, `timestamp`, `properties` and `profileId`.
    """

    source: ClassVar[str] = "halte.delivery"
    detail_type: ClassVar[str] = "OutcomesObserved.v1"

    events: list[dict[str, Any]]


class SendingPause(Model):
    """Messages that stopped or go on: of `journey` on `channel` (`kind` brake), of all commercial ones on `channel`
    (guard), or of all, because the provider takes nothing (circuit). `reason` says why they stopped."""

    kind: Literal["brake", "guard", "circuit"]
    channel: str
    at: Instant
    journey: str = ""
    reason: str = ""


class SendingPaused(Fact):
    """Messages are held back until somebody lets them go on, or the provider takes them again."""

    source: ClassVar[str] = "halte.delivery"
    detail_type: ClassVar[str] = "SendingPaused.v1"

    pauses: list[SendingPause]


class SendingResumed(Fact):
    """Messages that were held back go on."""

    source: ClassVar[str] = "halte.delivery"
    detail_type: ClassVar[str] = "SendingResumed.v1"

    pauses: list[SendingPause]


class Call(Model):
    """Somebody is to phone a person. `task_id` is that of `/tasks`, where it is told how it went; `script` is what is
    to be said. The same call has the same `task_id`, however often it is told."""

    task_id: str
    profile_id: str
    phone: str
    title: str
    script: str
    at: Instant
    send_id: str = ""
    journey: str = ""


class CallRequested(Fact):
    """Calls for whoever phones: people who work off `/tasks`, or a dialler."""

    source: ClassVar[str] = "halte.delivery"
    detail_type: ClassVar[str] = "CallRequested.v1"
    personal: ClassVar[bool] = True

    calls: list[Call]


class PassUpdate(Model):
    """What a person's wallet pass is to show: a `balance` that changed, or (`issue`) a pass to be made, whose id then
    comes back as the trait `walletPassId`. Of two about one profile the later `at` counts."""

    update_id: str
    kind: Literal["issue", "balance"]
    profile_id: str
    at: Instant
    pass_id: str = ""
    balance: int = 0
    tier: str = ""


class PassUpdateRequested(Fact):
    """Wallet passes that are to be issued or changed."""

    source: ClassVar[str] = "halte.delivery"
    detail_type: ClassVar[str] = "PassUpdateRequested.v1"
    personal: ClassVar[bool] = True

    updates: list[PassUpdate]
