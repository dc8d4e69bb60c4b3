"""What an event is between a person and the company: which way it went, by which channel, who began it.

Read from the event alone, so that every reader of a timeline says the same. An event may say it itself, in
`properties.direction`, `.channel`, `.initiator` and `.need`; otherwise the table of known names decides, then its type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from services.shared.contracts.delivery import OutcomesObserved
from services.shared.contracts.ingest import CustomerEvent

Direction = Literal["inbound", "outbound", "internal"]
"""`inbound`: the person acted; `outbound`: something was sent to the person; `internal`: bookkeeping, nobody met."""

Initiator = Literal["customer", "halte", "company"]
"""Who began the exchange: the person, a message of Halte's, or somebody else at the company."""

CHANNELS = frozenset(
    {"email", "sms", "push", "web", "app", "phone", "print", "store", "chat", "social", "device", "other"}
)
_DIRECTIONS = frozenset(get_args(Direction))
_INITIATORS = frozenset(get_args(Initiator))

_OUT_EMAIL, _BACK_EMAIL = ("outbound", "email", "company"), ("inbound", "email", "company")
_OUT_SMS, _BACK_SMS = ("outbound", "sms", "company"), ("inbound", "sms", "company")
_OUT_PUSH, _BACK_PUSH = ("outbound", "push", "company"), ("inbound", "push", "company")

ARRIVALS = frozenset({"Email Delivered", "SMS Delivered", "Push Notification Received"})
"""What only says that a message of ours arrived: nobody did anything."""

_KNOWN: Mapping[str, tuple[str, str, str]] = {
    **dict.fromkeys(("Email Sent", "Email Delivered", "Email Deferred", "Email Bounced"), _OUT_EMAIL),
    **dict.fromkeys(
        ("Email Opened", "Email Link Clicked", "Email Marked as Spam", "Email Replied", "Unsubscribed"),
        _BACK_EMAIL,
    ),
    **dict.fromkeys(("SMS Sent", "SMS Delivered", "SMS Bounced"), _OUT_SMS),
    **dict.fromkeys(("SMS Link Clicked", "SMS Replied"), _BACK_SMS),
    **dict.fromkeys(("Push Notification Received", "Push Notification Bounced"), _OUT_PUSH),
    "Push Notification Tapped": _BACK_PUSH,
    "Letter Sent": ("outbound", "print", "company"),
    "Call Made": ("outbound", "phone", "company"),
    "Call Received": ("inbound", "phone", "customer"),
    "Offer Received": ("outbound", "other", "company"),
    **dict.fromkeys(
        ("Order Refunded", "Order Cancelled", "Order Lines Added", "Account Adjusted"),
        ("internal", "other", "company"),
    ),
    **dict.fromkeys(("Record Upserted", "Record Removed"), ("internal", "other", "company")),
    **dict.fromkeys(
        ("Loyalty Balance Changed", "Loyalty Points Expired", "Referral Converted"),
        ("internal", "other", "company"),
    ),
}
"""Event name to direction, channel and initiator. Names are Segment's (email, mobile and commerce specifications)."""

_BY_TYPE: Mapping[str, tuple[str, str, str]] = {
    "page": ("inbound", "web", "customer"),
    "screen": ("inbound", "app", "customer"),
    "track": ("inbound", "other", "customer"),
    **dict.fromkeys(("identify", "group", "alias"), ("internal", "other", "company")),
}

_NEEDS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "Products Searched",
            "Product List Viewed",
            "Product List Filtered",
            "Product Viewed",
            "Product Clicked",
        ),
        "information",
    ),
    **dict.fromkeys(
        (
            "Product Added",
            "Cart Viewed",
            "Checkout Started",
            "Checkout Step Viewed",
            "Checkout Step Completed",
        ),
        "purchase",
    ),
    **dict.fromkeys(("Payment Info Entered", "Order Completed"), "purchase"),
    **dict.fromkeys(("Call Received", "Complaint Filed", "Appointment Booked"), "service"),
    **dict.fromkeys(("Registered", "Signed Up", "Logged In"), "account"),
}
"""Event name to what the person was after; a page or screen without a better word is a search for information."""


@dataclass(frozen=True)
class Interaction:
    """`need` says what an inbound one was after: information, purchase, service, account, or nothing known ("")."""

    direction: str
    channel: str
    initiator: str
    need: str = ""

    def shown(self) -> dict[str, str]:
        """As JSON."""
        return asdict(self)


def interaction_of(event: CustomerEvent, source: str = "") -> Interaction:
    """How `event`, which `source` sent, stands between person and company."""
    own = event.properties
    direction, channel, initiator = _KNOWN.get(event.name, _BY_TYPE[event.type])
    if event.type != "track":
        direction, channel, initiator = _BY_TYPE[event.type]
    if initiator == "company" and source == OutcomesObserved.source:
        initiator = "halte"
    channel = _one_of(CHANNELS, own.get("channel"), channel)
    direction = _one_of(_DIRECTIONS, own.get("direction"), direction)
    initiator = _one_of(_INITIATORS, own.get("initiator"), initiator)
    return Interaction(direction, channel, initiator, _need(event, direction))


def _need(event: CustomerEvent, direction: str) -> str:
    if direction != "inbound":
        return ""
    said = event.properties.get("need")
    if isinstance(said, str) and 0 < len(said) <= 40:
        return said
    return _NEEDS.get(event.name, "information" if event.type in ("page", "screen") else "")


def _one_of(allowed: frozenset[str], said: Any, otherwise: str) -> str:
    return said if isinstance(said, str) and said in allowed else otherwise
