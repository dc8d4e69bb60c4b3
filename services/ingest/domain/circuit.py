"""How a sink is doing: what became of deliveries, and when to stop knocking on a door that nobody opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

State = Literal["active", "paused", "disabled"]

PAUSE_AFTER = 5
"""Failures in a row. As many as a delivery has tries, so that an outage parks deliveries instead of giving them up."""

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)

RETRY_AFTER = (30, 300, 1_800, 10_800)
"""Seconds before the second, third, … try of a delivery; after the last try it is a dead letter."""


@dataclass(frozen=True)
class Delivered:
    """The receiver took it."""


@dataclass(frozen=True)
class Failed:
    """It did not; `error` is a code such as `http_500`, `timeout`, `blocked_address`: never a word of the answer."""

    error: str


@dataclass(frozen=True)
class Gone:
    """The receiver wants no more (410)."""


Answer: TypeAlias = Delivered | Failed | Gone


@dataclass(frozen=True)
class Health:
    """Of a sink. Counters count attempts; they may miss some when a process dies between an attempt and its note."""

    state: State = "active"
    delivered: int = 0
    failed: int = 0
    failures_in_a_row: int = 0
    pauses: int = 0
    paused_until: datetime | None = None
    last_error: str = ""
    last_delivered_at: datetime | None = None
    last_failed_at: datetime | None = None


def after(health: Health, answers: Sequence[Answer], now: datetime) -> Health:
    """`health` once these attempts are known, in their order."""
    for answer in answers:
        health = _after_one(health, answer, now)
    return health


def half_open(health: Health) -> Health:
    """A sink whose pause is over and for which nothing waits: one more failure pauses it again, for longer."""
    return replace(health, state="active", failures_in_a_row=PAUSE_AFTER - 1, paused_until=None)


def retry_delay(receives: int) -> int:
    """Seconds until a delivery that was tried `receives` times (1 or more) is tried again."""
    return RETRY_AFTER[min(receives, len(RETRY_AFTER)) - 1]


def _after_one(health: Health, answer: Answer, now: datetime) -> Health:
    if isinstance(answer, Delivered):
        return replace(
            health,
            state="disabled" if health.state == "disabled" else "active",
            delivered=health.delivered + 1,
            failures_in_a_row=0,
            pauses=0,
            paused_until=None,
            last_delivered_at=now,
        )
    failed = replace(health, failed=health.failed + 1, last_failed_at=now)
    if isinstance(answer, Gone):
        return replace(failed, state="disabled", last_error="http_410", paused_until=None)
    failed = replace(failed, last_error=answer.error, failures_in_a_row=health.failures_in_a_row + 1)
    return _paused(failed, now) if _must_pause(failed, now) else failed


def _must_pause(health: Health, now: datetime) -> bool:
    """An attempt that was under way when the pause began must not prolong it; a failed probe must."""
    if health.state == "disabled" or health.failures_in_a_row < PAUSE_AFTER:
        return False
    return health.paused_until is None or now >= health.paused_until


def _paused(health: Health, now: datetime) -> Health:
    pause = min(FIRST_PAUSE * 2 ** min(health.pauses, 10), LONGEST_PAUSE)
    return replace(health, state="paused", pauses=health.pauses + 1, paused_until=now + pause)
