"""What a change of a stored message means to others: facts on the bus, customer events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from services.delivery.domain.message import Message
from services.delivery.domain.touches import CLICKED, links_of
from services.shared.clock import from_iso
from services.shared.contracts.delivery import Complaint, MessageOutcome

DELIVERED = "delivered"
UNSUBSCRIBED = "unsubscribed"
COMPLAINED = "complained"
OPTED_OUT = "opted_out"
WITHDRAWING: Mapping[str, Literal["complaint", "unsubscribe"]] = {
    COMPLAINED: "complaint",
    OPTED_OUT: "unsubscribe",
}
"""What is reported of a message and ends the permission for it, and how consent calls that."""

CONSENT_JOURNEY = "(consent)"
"""Stands in reports where an unsubscription belongs to no journey."""

_EVENTS = {
    ("email", DELIVERED): "Email Delivered",
    ("email", "opened"): "Email Opened",
    ("email", "clicked"): "Email Link Clicked",
    ("email", "bounced"): "Email Bounced",
    ("email", "complained"): "Email Marked as Spam",
    ("sms", DELIVERED): "SMS Delivered",
    ("sms", "bounced"): "SMS Bounced",
    ("sms", "clicked"): "SMS Link Clicked",
    ("push", DELIVERED): "Push Notification Received",
    ("push", "opened"): "Push Notification Tapped",
    ("push", "bounced"): "Push Notification Bounced",
    ("email", UNSUBSCRIBED): "Unsubscribed",
    ("sms", UNSUBSCRIBED): "Unsubscribed",
}


@dataclass
class Effects:
    """All that a batch of changes means."""

    sent: list[MessageOutcome] = field(default_factory=list)
    skipped: list[MessageOutcome] = field(default_factory=list)
    failed: list[MessageOutcome] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)


def effects_of(changes: Iterable[tuple[Message | None, Message | None]]) -> Effects:
    """The effects of (old, new) pairs in order."""
    effects = Effects()
    for old, new in changes:
        if new is None:
            continue
        _status(old, new, effects)
        told = len(effects.events)
        _marks(old, new, effects)
        if old and len(effects.events) > told:
            _arrival(old, new, effects)
    return effects


def _status(old: Message | None, new: Message, effects: Effects) -> None:
    facts = {"sent": effects.sent, "skipped": effects.skipped, "failed": effects.failed}
    before = (old.status, old.reason) if old else ("", "")
    if before == (new.status, new.reason):
        return
    if new.status in facts:
        facts[new.status].append(_outcome(new))


def _marks(old: Message | None, new: Message, effects: Effects) -> None:
    for kind, now in new.marks.items():
        if old and kind in old.marks:
            continue
        if kind in WITHDRAWING and new.address_key:
            effects.complaints.append(_complaint(new, kind))
        name = _EVENTS.get((new.channel, kind))
        if name and new.profile_id and kind != CLICKED:
            effects.events.append(_event(new, kind, name, now))
    _clicks(old, new, effects)


def _arrival(old: Message, new: Message, effects: Effects) -> None:
    """With what a person did first about a message, its arrival is told again: ingest keeps arrivals that nobody asks
    for off profiles, but for those that come together with something else."""
    at = old.marks.get(DELIVERED)
    if at is None or any((new.channel, kind) in _EVENTS for kind in old.marks if kind != DELIVERED):
        return
    again = _event(new, DELIVERED, _EVENTS[new.channel, DELIVERED], at)
    if again not in effects.events:
        effects.events.append(again)


def _clicks(old: Message | None, new: Message, effects: Effects) -> None:
    """One event for each link that a person clicked."""
    name = _EVENTS.get((new.channel, CLICKED))
    if not name or not new.profile_id or (old and old.touches == new.touches and old.marks == new.marks):
        return
    known = links_of(old.touches, old.marks.get(DELIVERED, "")) if old else {}
    for link, at in links_of(new.touches, new.marks.get(DELIVERED, "")).items():
        if link not in known:
            effects.events.append(_event(new, CLICKED, name, at, link))


def _outcome(message: Message) -> MessageOutcome:
    return MessageOutcome(
        send_id=message.send_id,
        profile_id=message.profile_id,
        journey=message.journey,
        node=message.node,
        template=message.template,
        channel=message.channel,
        at=from_iso(message.updated_at),
        reason=message.reason,
        consent_entry_id=message.consent_entry_id,
        provider_id=message.provider_id,
        template_version=message.template_version,
    )


def _complaint(message: Message, kind: str) -> Complaint:
    return Complaint(
        send_id=message.send_id,
        address_key=message.address_key,
        channel=message.channel,
        purpose=message.purpose if message.message_class == "commercial" else "",
        at=from_iso(message.marks[kind]),
        means=WITHDRAWING[kind],
    )


def _event(message: Message, kind: str, name: str, at: str, link: str = "") -> dict[str, Any]:
    more = {"link_id": link, "link_url": message.links.get(link, "")} if link else {}
    if message.bounce and "bounced" in kind:
        more["bounce_type"] = message.bounce
    return {
        "type": "track",
        "event": name,
        "messageId": f"{message.send_id}-{kind}{f'-{link}' if link else ''}",
        "timestamp": at,
        "profileId": message.profile_id,
        "properties": {
            f"{message.channel}_id": message.send_id,
            "campaign_id": message.journey,
            "template": message.template,
            "channel": message.channel,
            **({"node": message.node} if message.node else {}),
            **more,
        },
    }
