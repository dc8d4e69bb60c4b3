"""What providers report about a message, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.shared.clock import from_iso


@dataclass(frozen=True)
class Feedback:
    """One provider event. `kind` is `accepted`, `delivered`, `bounced`, `soft_bounced`, `complained`, `opened`,
    `clicked`, `rejected`, `delayed` or `subscription`; `send_id` is empty for mail that is not ours."""

    kind: str
    send_id: str
    provider_id: str
    at: datetime


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


def read_feedback(event: Mapping[str, Any]) -> Feedback:
    """The feedback in an event of SES (event publishing, or its older notifications) or End User Messaging.

    Raises:
        UnknownFeedback: it is neither.
    """
    kind = event.get("eventType") or event.get("notificationType") or ""
    try:
        if kind in _EMAIL_KINDS:
            return _email(kind, event)
        if kind in _SMS_KINDS:
            return _sms(kind, event)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise UnknownFeedback(f"a malformed {kind} event") from error
    raise UnknownFeedback(f"an event of unknown kind {str(kind)[:40]!r}")


def _email(name: str, event: Mapping[str, Any]) -> Feedback:
    kind, part = _EMAIL_KINDS[name]
    mail, details = event["mail"], event.get(part) or {}
    if kind == "bounced" and details.get("bounceType") != "Permanent":
        kind = "soft_bounced"
    tags = (mail.get("tags") or {}).get("send_id") or [""]
    moment = details.get("timestamp") or mail["timestamp"]
    return Feedback(kind, str(tags[0]), str(mail["messageId"]), from_iso(moment))


def _sms(name: str, event: Mapping[str, Any]) -> Feedback:
    return Feedback(
        _SMS_KINDS[name],
        str((event.get("context") or {}).get("send_id", "")),
        str(event["messageId"]),
        datetime.fromtimestamp(event["eventTimestamp"] / 1000, UTC),
    )
