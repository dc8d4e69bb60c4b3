"""How often: caps over sliding windows, the gap between two messages, and which of several goes first. Exact: windows
end at the moment of the message, not with a calendar day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.delivery.domain.pressure.ledger import GRACE, Bid, Ledger
from services.delivery.domain.pressure.policy import Arbitration, Cap

ARBITRATION = "arbitration"
OUTRANKED = "outranked"
GAP = "minimum_gap"
CAPPED = "frequency_cap"

NEXT_SWEEP = timedelta(minutes=1)


@dataclass(frozen=True)
class Finding:
    """What a gate saw; it stops the message for `reason` (empty: not), until then (`None`: for good)."""

    gate: str
    seen: str
    reason: str = ""
    until: datetime | None = None


def arbitrate(rule: Arbitration, bid: Bid, ledger: Ledger, now: datetime) -> Finding | None:
    """Whether another message goes first; `None`: there is no window and no other. What is held and due keeps its order
    whatever the window."""
    window = rule.span
    if now < bid.asked + window:
        said = f"priority {bid.priority}, waits {rule.window} for others"
        return Finding("arbitration", said, ARBITRATION, bid.asked + window)
    ahead = [
        one
        for one in ledger.waits
        if one.bid.send != bid.send
        and one.bid.rank < bid.rank
        and one.due + GRACE > now
        and (one.due <= now or (_together(one.bid, bid, window) and one.due <= now + window))
    ]
    if ahead:
        until = max(now + NEXT_SWEEP, *(one.due + timedelta(seconds=1) for one in ahead))
        said = f"priority {bid.priority}, {len(ahead)} before it"
        return Finding("arbitration", said, ARBITRATION, until)
    winners = [
        one
        for one in ledger.others(bid.send)
        if window and one.bid.rank < bid.rank and _together(one.bid, bid, window)
    ]
    if winners and rule.loser == "expire":
        return Finding("arbitration", f"priority {bid.priority}, another went", OUTRANKED)
    if winners and (until := max(one.at for one in winners) + window) > now:
        return Finding("arbitration", f"priority {bid.priority}, another went", ARBITRATION, until)
    return Finding("arbitration", f"priority {bid.priority}, none before it") if window else None


def _together(one: Bid, other: Bid, window: timedelta) -> bool:
    return abs(one.asked - other.asked) <= window


def gap(length: timedelta, said: str, bid: Bid, ledger: Ledger, now: datetime) -> Finding | None:
    """Whether the last commercial message is long enough ago; `None`: it need not be."""
    if not length:
        return None
    last = max((one.at for one in ledger.others(bid.send)), default=None)
    if last is None or last + length <= now:
        return Finding("gap", f"at least {said}")
    return Finding("gap", f"at least {said}", GAP, last + length)


def capped(cap: Cap, bid: Bid, ledger: Ledger, now: datetime, reason: str = CAPPED) -> Finding | None:
    """Whether there is room for the message under `cap`; `None`: it is about others."""
    if not _about(cap, bid):
        return None
    counted = _counted(cap, bid, ledger, now - cap.span)
    seen = f"at most {cap.count} in {cap.within}{_of(cap)}, {len(counted)} before it"
    if len(counted) < cap.count:
        return Finding("cap", seen)
    until = sorted(counted)[-cap.count] + cap.span if cap.then == "hold" else None
    return Finding("cap", seen, reason, until)


def _counted(cap: Cap, bid: Bid, ledger: Ledger, since: datetime) -> list[datetime]:
    return [
        one.at
        for one in ledger.touches
        if one.at > since and one.bid.send != bid.send and _takes_room(cap, one.bid)
    ]


def _takes_room(cap: Cap, bid: Bid) -> bool:
    if bid.is_service:
        return cap.counts == "all" and cap.channel in (None, bid.channel)
    return _about(cap, bid)


def _about(cap: Cap, bid: Bid) -> bool:
    return (
        not bid.is_service
        and cap.channel in (None, bid.channel)
        and cap.message_class in (None, bid.message_class)
        and cap.purpose in (None, bid.purpose)
    )


def _of(cap: Cap) -> str:
    parts = [part for part in (cap.channel, cap.message_class, cap.purpose) if part]
    return f" ({', '.join(parts)})" if parts else ""
