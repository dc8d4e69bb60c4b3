"""What delivery makes of a request: the channel it takes, or why nothing is sent. Delivery's own decision, without
frequency caps (there are none) and suppressed addresses (nobody's bounces are known)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from halte.journeys.sources import Wording
from services.delivery.domain.choice import Ask, Skip, Standing, candidates, choose
from services.delivery.domain.contact import contact_of
from services.journeys.domain.moves import AskMessage
from services.scoring.domain.permissions import Permissions
from services.shared.channels import CHANNELS
from services.shared.clock import to_iso
from services.shared.permission import Permission, needs_permission

SPOKEN = ("email", "sms")
"""What every message is taken to have words for; for other channels only where a node names them."""

OVER = "moment_over"
PROMOTES = "service_promotes"


@dataclass(frozen=True)
class Sent:
    """A message leaves by `channel`."""

    channel: str


@dataclass(frozen=True)
class Skipped:
    """Nothing is sent, and why, as delivery says it: `no_address`, `no_consent`, `moment_over`, …"""

    reason: str


def decide(
    ask: AskMessage,
    wording: Wording,
    traits: Mapping[str, Any],
    permissions: Mapping[str, Permissions],
    at: datetime,
) -> Sent | Skipped:
    """What becomes of a request about somebody with these `traits`; `permissions` are those of every address."""
    if ask.expires_at is not None and at > ask.expires_at:
        return Skipped(OVER)
    if ask.proposition and not needs_permission(wording.kind):
        return Skipped(PROMOTES)
    contact = contact_of("", 0, traits)
    standings = {}
    for channel in CHANNELS:
        if address := contact.address(channel):
            held = permissions.get(key_of(channel, address), Permissions()).held
            given = held.get((wording.purpose or "", channel))
            standings[channel] = Standing(
                address, address, permission=Permission(given.state, "") if given else None
            )
    order = candidates(ask.channels, contact.preferred_channel, [*SPOKEN, *ask.channels])
    choice = choose(order, Ask(wording.kind, to_iso(at)), standings)
    return Skipped(choice.reason) if isinstance(choice, Skip) else Sent(choice.channel)


def key_of(channel: str, address: str) -> str:
    """What an address is called where permissions are kept; here nothing needs to be hidden."""
    return f"{channel}:{address}"
