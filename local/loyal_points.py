"""Do loyalty points add up? Tried out with one customer, when a run is at rest."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from halte.marketers import Marketers, Refused
from local.accounting import Check
from local.replay import BUS_SOURCE
from services.shared.clock import to_iso

ORDER = "trial-points"
PROGRAMME: dict[str, Any] = {
    "from": "1990-01-01T00:00:00Z",  # the run's clock may say anything
    "earn": [
        {
            "name": "purchase",
            "event": "Order Completed",
            "where": {"prop": "order_id", "eq": ORDER},  # the books of the other customers are closed
            "per": {"property": "revenue"},
        }
    ],
    "expires": "P365D",
    "tiers": {"levels": [{"name": "silver", "points": 20}]},
    "perks": [{"name": "repair", "title": "Free repair", "lever": "service", "tier": "silver"}],
}
CUSTOMER = "loyal"
BOUGHT, RETURNED = 42.5, 10
LEFT = 32
"""Of 42.50 earned 42; of these a refund of 10.00 leaves the share, rounded down."""

_LOOK_EVERY = 0.2

Put = Callable[[dict[str, Any]], None]
Until = Callable[[str, Callable[[], bool]], None]


@dataclass(frozen=True)
class Points:
    """The balance as the API has it, the sum of the ledger's lines, and the trait that messages can say."""

    balance: int
    ledger: int
    trait: Any


def hold(api: Marketers, put: Put, until: Until, now: datetime) -> Points:
    """Publish a programme, and let a customer buy and send back a part; `put` hands an event to the bus.

    Raises:
        TimeoutError: the points do not come.
    """
    api.call("PUT", "/loyalty/programme", PROGRAMME)
    for name, cents in (("Order Completed", BOUGHT), ("Order Refunded", RETURNED)):
        put(
            {
                "type": "track",
                "event": name,
                "userId": CUSTOMER,
                "messageId": f"trial-{name}",
                "timestamp": to_iso(now),
                "properties": {"order_id": ORDER, "revenue": cents},
            }
        )
    profile: dict[str, Any] = {}

    def known() -> bool:
        time.sleep(_LOOK_EVERY)
        profile.update(_profile(api))
        return bool(profile.get("traits", {}).get("loyaltyPoints") == LEFT)

    until("points of a customer, as a trait", known)
    account = api.call("GET", f"/loyalty/{profile['profile_id']}")
    return Points(
        account["balance"],
        sum(line["points"] for line in account["entries"]),
        profile["traits"]["loyaltyPoints"],
    )


def checks(seen: Points) -> list[Check]:
    """What the books hold of it."""
    same = seen.balance == seen.ledger == seen.trait == LEFT
    figures = f"balance {seen.balance}, ledger {seen.ledger}, trait {seen.trait}, expected {LEFT}"
    return [Check("points earned are the sum of the ledger, on every channel", same, figures)]


def _profile(api: Marketers) -> dict[str, Any]:
    try:
        return api.call("GET", f"/profiles/userId:{CUSTOMER}")
    except Refused:  # not known yet
        return {}


def onto(events: Any, bus: str) -> Put:
    """To put events on the bus as the shop's own system."""

    def put(event: dict[str, Any]) -> None:
        entry = {"EventBusName": bus, "Source": BUS_SOURCE, "DetailType": "Segment Message"}
        events.put_events(Entries=[{**entry, "Detail": json.dumps(event)}])

    return put
