"""What providers report about a message, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args

from services.delivery.domain.agents import Agent, agent_of
from services.delivery.domain.touches import AT_ONCE, KINDS, TRAP
from services.shared.clock import from_iso, to_iso


@dataclass(frozen=True)
class Feedback:
    """One provider event. `kind` is `accepted`, `delivered`, `bounced`, `soft_bounced`, `complained`, `opened`,
    `clicked`, `rejected`, `delayed`, `opted_out` (by SES's own way to unsubscribe) or `subscription` (any other change
    there); `send_id` is empty for mail that is not ours. `cause` says more of a bounce, `who` and `link` of an open or
    a click."""

    kind: str
    send_id: str
    provider_id: str
    at: datetime
    cause: str = ""
    who: str = "person"
    link: str = ""


class UnknownFeedback(ValueError):
    """A provider's event of a shape or kind nobody told us about; it belongs in the dead-letter queue."""


_EMAIL_KINDS = {
    "Send": ("accepted", "send"),
    "Delivery": ("delivered", "delivery"),
    "Bounce": ("bounced", "bounce"),
    "Complaint": ("complained", "complaint"),
    "Open": ("opened", "open"),
    "Click": ("clicked", "click"),
    "Reject": ("rejected", "reject"),
    "Rendering Failure": ("rejected", "failure"),
    "DeliveryDelay": ("delayed", "deliveryDelay"),
    "Subscription": ("subscription", "subscription"),
}

_SMS_KINDS = {
    "TEXT_DELIVERED": "delivered",
    "TEXT_SUCCESSFUL": "delivered",
    "TEXT_SENT": "accepted",
    "TEXT_QUEUED": "accepted",
    "TEXT_PENDING": "accepted",
    "TEXT_INVALID": "bounced",
    "TEXT_INVALID_MESSAGE": "soft_bounced",
    "TEXT_UNREACHABLE": "soft_bounced",
    "TEXT_CARRIER_UNREACHABLE": "soft_bounced",
    "TEXT_CARRIER_BLOCKED": "soft_bounced",
    "TEXT_BLOCKED": "soft_bounced",
    "TEXT_PROTECT_BLOCKED": "soft_bounced",
    "TEXT_SPAM": "soft_bounced",
    "TEXT_TTL_EXPIRED": "soft_bounced",
    "TEXT_UNKNOWN": "soft_bounced",
}

_PUSH_KINDS = {
    "_push.received_background": "delivered",
    "_push.received_foreground": "delivered",
    "_push.opened_notification": "opened",
    "_push.failed": "soft_bounced",
    "_push.invalid_token": "bounced",
}

TOUCH = "Touch"
"""Of a report of our own."""

_HARD_BOUNCES = ("Permanent",)
"""Types of SES bounces after which nobody will ever be reached there. `Undetermined` may pass, as `Transient` does."""

_NOT_SPAM = "not-spam"
"""A complaint that takes one back."""


def read_feedback(event: Mapping[str, Any]) -> Feedback:
    """The feedback in an event of SES (event publishing, or its older notifications), of End User Messaging, in a
    receipt of a push message (in the form of Pinpoint's event stream), or what we saw ourselves.

    Raises:
        UnknownFeedback: it is none of them.
    """
    kind = event.get("eventType") or event.get("notificationType") or event.get("event_type") or ""
    try:
        if kind in _EMAIL_KINDS:
            return _email(kind, event)
        if kind in _SMS_KINDS:
            return _sms(kind, event)
        if kind == TOUCH:
            return _touch(event)
        if kind in _PUSH_KINDS:
            return _push(kind, event)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, OSError) as error:
        raise UnknownFeedback(f"a malformed {kind} event") from error
    raise UnknownFeedback(f"an event of unknown kind {str(kind)[:40]!r}")


def _email(name: str, event: Mapping[str, Any]) -> Feedback:
    kind, part = _EMAIL_KINDS[name]
    mail, details = event["mail"], event.get(part) or {}
    cause = ""
    if kind == "bounced":
        cause = f"{details.get('bounceType')}/{details.get('bounceSubType', '')}".rstrip("/")
        kind = "bounced" if details.get("bounceType") in _HARD_BOUNCES else "soft_bounced"
    if kind == "subscription" and _opts_out(details):
        kind = "opted_out"
    if kind == "complained" and details.get("complaintFeedbackType") == _NOT_SPAM:
        kind = "delivered"
    tags = (mail.get("tags") or {}).get("send_id") or [""]
    at = from_iso(details.get("timestamp") or mail["timestamp"])
    who = agent_of(str(details["userAgent"])) if kind in KINDS and "userAgent" in details else "person"
    if kind in KINDS and at < from_iso(mail["timestamp"]) + AT_ONCE:
        who = "machine"
    link = str(details.get("link") or "") if kind == "clicked" else ""
    return Feedback(kind, str(tags[0]), str(mail["messageId"]), at, cause=cause, who=who, link=link)


def _opts_out(details: Mapping[str, Any]) -> bool:
    """Does the person want less by it than before: nothing, or a topic not any more?"""
    before, after = details.get("oldTopicPreferences") or {}, details["newTopicPreferences"]
    if after.get("unsubscribeAll") is True:
        return True
    was, is_ = (
        {
            one["topicName"]
            for one in said.get("topicSubscriptionStatus") or ()
            if one["subscriptionStatus"] == "OptOut"
        }
        for said in (before, after)
    )
    return bool(is_ - was)


def _sms(name: str, event: Mapping[str, Any]) -> Feedback:
    kind = _SMS_KINDS[name]
    if kind in ("bounced", "soft_bounced") and event.get("isFinal") is False:
        kind = "delayed"
    return Feedback(
        kind,
        str((event.get("context") or {}).get("send_id", "")),
        str(event["messageId"]),
        datetime.fromtimestamp(event["eventTimestamp"] / 1000, UTC),
        cause=name if kind in ("bounced", "soft_bounced") else "",
    )


def touch_report(kind: str, send_id: str, who: str, link: str, at: datetime) -> dict[str, str]:
    """An open or click that we saw ourselves, as `read_feedback` reads it."""
    seen = {"eventType": TOUCH, "kind": kind, "send_id": send_id, "who": who, "link": link}
    return {**seen, "at": to_iso(at)}


def _touch(event: Mapping[str, Any]) -> Feedback:
    kind, who = event["kind"], event["who"]
    if kind not in KINDS or who not in (*get_args(Agent), TRAP):
        raise ValueError("no open and no click")
    return Feedback(kind, str(event["send_id"]), "", from_iso(event["at"]), who=who, link=str(event["link"]))


def _push(name: str, event: Mapping[str, Any]) -> Feedback:
    kind, told = _PUSH_KINDS[name], event["attributes"]
    return Feedback(
        kind,
        str(told.get("send_id", "")),
        str(told.get("message_id", "")),
        datetime.fromtimestamp(event["event_timestamp"] / 1000, UTC),
        cause=name if "bounced" in kind else "",
    )
