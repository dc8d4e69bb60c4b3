"""What a change of a stored message means to others: facts on the bus, customer events, counts in reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.delivery.domain.message import Message
from services.delivery.domain.touches import CLICKED, links_of
from services.shared.clock import from_iso
from services.shared.contracts.delivery import Complaint, MessageOutcome

UNSUBSCRIBED = "unsubscribed"
COMPLAINED = "complained"
CONSENT_JOURNEY = "(consent)"
"""Stands in reports where an unsubscription belongs to no journey."""

_COUNTED = (
    "delivered",
    "opened",
    "clicked",
    "machine_opened",
    "machine_clicked",
    "bounced",
    "soft_bounced",
    COMPLAINED,
    UNSUBSCRIBED,
)

_EVENTS = {
    ("email", "delivered"): "Email Delivered",
    ("email", "opened"): "Email Opened",
    ("email", "clicked"): "Email Link Clicked",
    ("email", "bounced"): "Email Bounced",
    ("email", "complained"): "Email Marked as Spam",
    ("sms", "delivered"): "SMS Delivered",
    ("sms", "bounced"): "SMS Bounced",
    ("sms", "clicked"): "SMS Link Clicked",
    ("push", "delivered"): "Push Notification Received",
    ("push", "opened"): "Push Notification Tapped",
    ("push", "bounced"): "Push Notification Bounced",
    ("email", UNSUBSCRIBED): "Unsubscribed",
    ("sms", UNSUBSCRIBED): "Unsubscribed",
}


@dataclass(frozen=True)
class RowKey:
    """One line of a report; `day` is a UTC date."""

    day: str
    journey: str
    template: str
    channel: str


@dataclass
class Effects:
    """All that a batch of changes means."""

    sent: list[MessageOutcome] = field(default_factory=list)
    skipped: list[MessageOutcome] = field(default_factory=list)
    failed: list[MessageOutcome] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    counts: dict[RowKey, dict[str, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )


def effects_of(changes: Iterable[tuple[Message | None, Message | None]]) -> Effects:
    """The effects of (old, new) pairs in order. Statuses are counted as they stand: what is corrected later is taken
    back from the count where it was."""
    effects = Effects()
    for old, new in changes:
        if new is None:
            continue
        if old is None and UNSUBSCRIBED not in new.marks:
            _count(effects, new, new.requested_at, {"requested": 1})
        _status(old, new, effects)
        _marks(old, new, effects)
    return effects


def _status(old: Message | None, new: Message, effects: Effects) -> None:
    facts = {"sent": effects.sent, "skipped": effects.skipped, "failed": effects.failed}
    before = (old.status, old.reason) if old else ("", "")
    if before == (new.status, new.reason):
        return
    if old and old.status in facts:
        _count(effects, old, old.updated_at, dict.fromkeys(_names(old), -1))
    if new.status in facts:
        _count(effects, new, new.updated_at, dict.fromkeys(_names(new), 1))
        facts[new.status].append(_outcome(new))


def _names(message: Message) -> list[str]:
    if message.status == "skipped":
        return ["skipped", f"skipped_{message.reason}"]
    return ["sent", "sent_inactive"] if message.status == "sent" and message.inactive else [message.status]


def _marks(old: Message | None, new: Message, effects: Effects) -> None:
    before = old.marks if old else {}
    for kind in _COUNTED:
        was, now = before.get(kind, ""), new.marks.get(kind, "")
        if (
            was[:10] != now[:10]
        ):  # an earlier report moved it to another day, or showed that it was a machine's
            if was:
                _count(effects, new, was, {kind: -1})
            if now:
                _count(effects, new, now, {kind: 1})
        if was or not now:
            continue
        if kind == COMPLAINED and new.address_key:
            effects.complaints.append(_complaint(new))
        name = _EVENTS.get((new.channel, kind))
        if name and new.profile_id and kind != CLICKED:
            effects.events.append(_event(new, kind, name, now))
    _clicks(old, new, effects)


def _clicks(old: Message | None, new: Message, effects: Effects) -> None:
    """One event for each link that a person clicked."""
    name = _EVENTS.get((new.channel, CLICKED))
    if not name or not new.profile_id or (old and old.touches == new.touches and old.marks == new.marks):
        return
    known = links_of(old.touches, old.marks.get("delivered", "")) if old else {}
    for link, at in links_of(new.touches, new.marks.get("delivered", "")).items():
        if link not in known:
            effects.events.append(_event(new, CLICKED, name, at, link))


def _count(effects: Effects, message: Message, moment: str, by: Mapping[str, int]) -> None:
    row = effects.counts[RowKey(moment[:10], message.journey, message.template, message.channel)]
    for name, amount in by.items():
        row[name] += amount


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


def _complaint(message: Message) -> Complaint:
    return Complaint(
        send_id=message.send_id,
        address_key=message.address_key,
        channel=message.channel,
        purpose=message.purpose if message.message_class == "commercial" else "",
        at=from_iso(message.marks[COMPLAINED]),
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
