"""What delivery makes of requests, by its own decisions: the channel a message takes, why it waits or is not sent.

What depends on providers and on what recipients do is not known here: suppressed addresses, pace, brakes, circuits.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.delivery.domain.choice import Ask, Choice, Skip, Standing, candidates, choose
from services.delivery.domain.contact import Contact, contact_of
from services.delivery.domain.message import Message
from services.delivery.domain.pressure.gate import weigh
from services.delivery.domain.pressure.hours import CLOSED, HOLIDAY, SEND_TIME
from services.delivery.domain.pressure.ledger import Ledger, bid_of
from services.delivery.domain.pressure.policy import Cap, InForce, PressurePolicy
from services.delivery.domain.pressure.rules import ARBITRATION, CAPPED, GAP, OUTRANKED, capped
from services.delivery.domain.protocol import RETRY_AFTER, expired, held
from services.delivery.domain.requested import never
from services.delivery.domain.wishes import PAUSED, QUIET, WEEKLY, Held, heed
from services.scoring.domain.permissions import Permissions
from services.shared.channels import CHANNELS
from services.shared.clock import to_iso
from services.shared.permission import Permission

SPOKEN = ("email", "sms")
"""What every message is taken to have words for; for other channels only where a node names them."""

UNPRESSED = InForce(PressurePolicy())
"""No rule that stops anybody."""

PRESSING = frozenset({PAUSED, QUIET, WEEKLY, CAPPED, GAP, ARBITRATION, OUTRANKED, CLOSED, HOLIDAY, SEND_TIME})
"""Reasons of contact pressure, people's own wishes included."""

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Fate:
    """What becomes of a message at one look: it leaves by `channel`, or is stopped for `reason` (`no_consent`,
    `frequency_cap`, …), by `rule` (`2 in P1D`) where there are several; then it waits `until`, or is not sent."""

    channel: str
    reason: str = ""
    rule: str = ""
    until: datetime | None = None


class Desk:
    """Everybody's ledgers, and what waits: delivery's sweep looks at it every minute."""

    def __init__(self, in_force: InForce) -> None:
        self._in_force = in_force
        self._ledgers: dict[str, Ledger] = {}
        self._waiting: list[tuple[datetime, int, str, str, Message]] = []

    @property
    def next_look(self) -> datetime | None:
        """When something that waits is looked at next."""
        return self._waiting[0][0] if self._waiting else None

    @property
    def waiting(self) -> int:
        """How many messages wait."""
        return len(self._waiting)

    def due(self, now: datetime) -> Iterator[Message]:
        """What is looked at by `now`, the more important first; it waits no more."""
        while self._waiting and self._waiting[0][0] <= now:
            yield heapq.heappop(self._waiting)[-1]

    def look(
        self,
        message: Message,
        traits: Mapping[str, Any],
        permissions: Mapping[str, Permissions],
        now: datetime,
    ) -> Fate:
        """What becomes of a message for somebody with these `traits`; `permissions` are those of every address."""
        contact = contact_of(message.profile_id, 0, traits)
        ledger = self._ledgers.get(message.profile_id, Ledger())
        verdict = self._judged(message, contact, ledger, permissions, now)
        bid = bid_of(message, verdict.channel)
        if isinstance(verdict, Choice):
            self._ledgers[message.profile_id] = ledger.touched(bid, now)
            return Fate(verdict.channel)
        rule = self._rule(verdict.reason, replace(message, channel=verdict.channel), contact, ledger, now)
        if isinstance(verdict, Skip):
            self._ledgers[message.profile_id] = ledger.without(bid.send)
            return Fate(verdict.channel, verdict.reason, rule)
        self._ledgers[message.profile_id] = ledger.waiting(bid, verdict.until, now)
        self._wait(held(message, verdict.reason, verdict.until, now) or message, verdict.until)
        return Fate(verdict.channel, verdict.reason, rule, verdict.until)

    def _wait(self, message: Message, until: datetime) -> None:
        # The sweep comes with each minute, and takes what has been due for longer than `RETRY_AFTER`.
        look = (until + RETRY_AFTER).replace(second=0, microsecond=0) + _MINUTE
        order = (look, -message.priority, message.requested_at, message.send_id)
        heapq.heappush(self._waiting, (*order, message))

    def _judged(
        self,
        message: Message,
        contact: Contact,
        ledger: Ledger,
        permissions: Mapping[str, Permissions],
        now: datetime,
    ) -> Choice | Skip | Held:
        if old := expired(message, now):
            return Skip(old.reason, "", ())
        if reason := never(message, now):
            return Skip(reason, "", ())
        choice: Choice | Skip | Held = _chosen(message, contact, permissions, now)
        if isinstance(choice, Choice) and message.is_commercial:
            choice = heed(choice, contact, now)
        if not isinstance(choice, Choice):
            return choice
        return weigh(self._in_force, message, choice, ledger, contact, now)

    def _rule(self, reason: str, message: Message, contact: Contact, ledger: Ledger, now: datetime) -> str:
        """Which rule of several it is that stops a message: the first, as it is for delivery."""
        if reason == CAPPED:
            bid = bid_of(message, message.channel)
            rules = ((cap, capped(cap, bid, ledger, now)) for cap in self._in_force.policy.caps)
            return next((_said(cap) for cap, found in rules if found and found.reason), "")
        if reason == GAP:
            return self._in_force.policy.minimum_gap
        return f"{contact.per_week} in P7D" if reason == WEEKLY else ""


def _chosen(
    message: Message, contact: Contact, permissions: Mapping[str, Permissions], now: datetime
) -> Choice | Skip:
    standings = {}
    for channel in CHANNELS:
        if address := contact.address(channel):
            held_for = permissions.get(key_of(channel, address), Permissions()).held
            given = held_for.get((message.purpose, channel))
            permission = Permission(given.state, "") if given else None
            standings[channel] = Standing(address, address, permission=permission)
    order = candidates(message.channels, contact.preferred_channel, [*SPOKEN, *message.channels])
    return choose(order, Ask(message.message_class, to_iso(now)), standings)


def _said(cap: Cap) -> str:
    about = " ".join(part for part in (cap.channel, cap.message_class, cap.purpose) if part)
    return f"{cap.count} in {cap.within} {about}".rstrip()


def key_of(channel: str, address: str) -> str:
    """What an address is called where permissions are kept; here nothing needs to be hidden."""
    return f"{channel}:{address}"
