"""What a change of loyalty points says of a person, as calls in Segment's shape."""

from __future__ import annotations

from typing import Any

from services.shared.clock import to_iso
from services.shared.contracts.loyalty import LoyaltyBalance
from services.shared.ids import stable_id

CHANGED, EXPIRED, CONVERTED = "Loyalty Balance Changed", "Loyalty Points Expired", "Referral Converted"
POINTS, TIER = "loyaltyPoints", "loyaltyTier"

_BY_TIME = frozenset({"expire", "tier"})
"""Causes in which nobody did anything: they are no sign of life."""


def events_of_balance(change: LoyaltyBalance) -> list[dict[str, Any]]:
    """What happened, that a friend ordered if that was it, and the traits that the person has from then on."""
    said: dict[str, Any] = {"timestamp": to_iso(change.at), "profileId": change.profile_id}
    receipt = stable_id("loy", change.profile_id, to_iso(change.at))
    name = EXPIRED if change.cause in _BY_TIME else CHANGED
    properties = {"balance": change.balance, "tier": change.tier, "cause": change.cause}
    brought = {**said, "type": "track", "event": CONVERTED, "messageId": f"{receipt}-friend"}
    return [
        {**said, "type": "track", "event": name, "messageId": f"{receipt}-event", "properties": properties},
        *([brought] if change.cause == "referral" else []),
        {
            **said,
            "type": "identify",
            "messageId": f"{receipt}-traits",
            "traits": {POINTS: change.balance, TIER: change.tier},
        },
    ]
