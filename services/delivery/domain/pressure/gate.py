"""Contact pressure for one message: each rule asked in turn, and the verdict of the first that stops it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial

from services.delivery.domain.choice import Choice, Skip
from services.delivery.domain.contact import Contact
from services.delivery.domain.message import Message
from services.delivery.domain.pressure.hours import opening, reading_hour
from services.delivery.domain.pressure.ledger import Bid, Ledger, bid_of
from services.delivery.domain.pressure.policy import Cap, InForce
from services.delivery.domain.pressure.rules import Finding, arbitrate, capped, gap
from services.delivery.domain.wishes import WEEKLY, Held
from services.shared.clock import from_iso

MERGED = "merged"


def weigh(
    in_force: InForce,
    message: Message,
    choice: Choice,
    ledger: Ledger,
    contact: Contact | None,
    now: datetime,
) -> Choice | Skip | Held:
    """`choice` with every rule's answer in its record, or what stops the message. A wait that would outlast the
    message's moment is none."""
    bid = bid_of(message, choice.channel)
    gates = list(choice.gates)
    for finding in _findings(in_force, message, bid, ledger, contact, now):
        verdict = "stop" if finding.reason else "pass"
        gates.append(
            {"gate": finding.gate, "channel": choice.channel, "input": finding.seen, "verdict": verdict}
        )
        if finding.reason and finding.until and not _over(message, finding.until):
            return Held(finding.reason, finding.until, choice.channel, tuple(gates))
        if finding.reason:
            return Skip(finding.reason, choice.channel, tuple(gates))
    return replace(choice, gates=tuple(gates))


def _findings(
    in_force: InForce,
    message: Message,
    bid: Bid,
    ledger: Ledger,
    contact: Contact | None,
    now: datetime,
) -> Iterator[Finding]:
    if bid.is_service:
        yield Finding("cap", "counted, no limit")
        return
    policy = in_force.policy
    if ledger.repeats(bid, now):
        yield Finding("merge", f"{message.place} as {message.merged_from or 'another profile'}", MERGED)
    wish = Cap(count=contact.per_week, within="P7D") if contact and contact.per_week else None
    answers: tuple[Callable[[], Finding | None], ...] = (
        lambda: opening(in_force, contact, now),
        lambda: reading_hour(policy.send_time, in_force, contact, ledger, message.requested_at, now),
        lambda: arbitrate(policy.arbitration, bid, ledger, now),
        lambda: gap(policy.gap, policy.minimum_gap, bid, ledger, now),
        *(partial(capped, cap, bid, ledger, now) for cap in policy.caps),
        lambda: capped(wish, bid, ledger, now, WEEKLY) if wish else None,
    )
    yield from (found for answer in answers if (found := answer()))


def _over(message: Message, until: datetime) -> bool:
    """Will the message's moment be over by then?"""
    ends = [from_iso(end) for end in (message.expires_at, message.proposition_until) if end]
    return any(until > end for end in ends)
