"""What customer events say about points: earnings, refunds, and codes of whoever recommended us."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from services.scoring.domain.facts import CANCELLATION, ORDER, REFUND, event_key
from services.scoring.domain.loyalty import entries as kinds
from services.scoring.domain.loyalty.entries import Entry, milliseconds
from services.scoring.domain.loyalty.programme import EarnRule, Programmes
from services.scoring.domain.orders import cents_of, order_key
from services.shared.contracts.ingest import CustomerEvent

CODE_PROPERTY = "referral_code"
CODE_LENGTH = 8
LONGEST_ID = 64
CODE_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Without those that are read as others."""


def entries_of(programmes: Programmes, events: Iterable[CustomerEvent]) -> Iterator[Entry]:
    """What events mean by the programme that counts at their time."""
    for event in events:
        programme = programmes.at(event.at)
        if programme is None:
            continue
        for rule in programme.earn:
            if points := rule.earns(event):
                yield _earning(rule, event, points, programme.life)
        if event_key(event) in (REFUND, CANCELLATION):
            yield _refund(event)
        code = code_of(event.properties.get(CODE_PROPERTY)) if programme.referral else ""
        if code:
            yield Entry(kinds.REFERRED, milliseconds(event.at), code, _message(event))


def orders_in(events: Iterable[CustomerEvent]) -> bool:
    """Is there an order among them?"""
    return any(event_key(event) == ORDER for event in events)


def code_of(value: Any) -> str:
    """A referral code as it is kept, however it was typed; empty: it is none."""
    text = value.strip().upper() if isinstance(value, str) and len(value) < 40 else ""
    return text if len(text) == CODE_LENGTH and set(text) <= set(CODE_LETTERS) else ""


def _earning(rule: EarnRule, event: CustomerEvent, points: int, life: int) -> Entry:
    bucket, most = "", 0
    if rule.once:
        bucket = rule.name
    elif rule.cap:
        bucket, most = f"{rule.name}@{_window(rule.cap.per, event.at)}", rule.cap.points
    return Entry(
        kinds.EARN,
        milliseconds(event.at),
        rule.name,
        _message(event),
        points,
        order=order_key(event.properties),
        cents=cents_of(event.properties),
        life=life,
        bucket=bucket,
        most=most,
    )


def _message(event: CustomerEvent) -> str:
    """What names the event; a digest stands for a long name, so that many fit into an item."""
    name = event.message_id
    return name if len(name) <= LONGEST_ID else hashlib.sha256(name.encode()).hexdigest()[:40]


def _window(per: str, at: datetime) -> str:
    length = {"day": 10, "month": 7, "year": 4, "ever": 0}[per]
    return at.date().isoformat()[:length]


def _refund(event: CustomerEvent) -> Entry:
    """Of a cancelled order everything; of a refund its amount, or all where it names none."""
    is_whole = event_key(event) == CANCELLATION
    amount = None if is_whole else cents_of(event.properties)
    return Entry(
        kinds.REFUND,
        milliseconds(event.at),
        event.name,
        _message(event),
        order=order_key(event.properties),
        cents=None if amount is None else abs(amount),
    )
