"""When nobody is written to: a journey's brake and its canary, a channel's guard, and the circuit of a provider that
takes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from services.delivery.domain.pressure.policy import Brake, Guard
from services.shared.conditions.durations import parse_duration

BRAKE = "brake"
GUARD = "guard"
CIRCUIT = "circuit"
CANARY = "canary"
PACE = "pace"

LOOK_AGAIN = timedelta(hours=1)
"""When a message behind a brake or a guard is looked at again."""

CANARY_AGAIN = timedelta(minutes=15)

FIRST_PROBE = timedelta(minutes=1)
LAST_PROBE = timedelta(minutes=15)

PAUSING = frozenset(
    {
        "SendingPausedException",
        "AccountSuspendedException",
        "MailFromDomainNotVerifiedException",
        "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT",
        "INSUFFICIENT_ACCOUNT_REPUTATION",
        "ACCOUNT_DISABLED",
        "NO_ORIGINATION_IDENTITIES_FOUND",
        "RESOURCE_NOT_ACTIVE",
    }
)
"""Answers that mean: this provider takes nothing from us now, whatever it is. SES says so by the kind of error, End
User Messaging by its reason."""

TOO_FAST = frozenset(
    {"TooManyRequestsException", "LimitExceededException", "ThrottlingException", "Throttling"}
)


@dataclass(frozen=True)
class Shares:
    """What was sent, and how much of it bounced, was complained about, or went to people who show nothing."""

    sent: int = 0
    bounced: int = 0
    complained: int = 0
    inactive: int = 0

    def since(self, base: Shares) -> Shares:
        """What came after `base`."""
        return Shares(
            self.sent - base.sent,
            self.bounced - base.bounced,
            self.complained - base.complained,
            self.inactive - base.inactive,
        )

    def plus(self, other: Shares) -> Shares:
        return Shares(
            self.sent + other.sent,
            self.bounced + other.bounced,
            self.complained + other.complained,
            self.inactive + other.inactive,
        )


@dataclass(frozen=True)
class Pause:
    """How a journey on a channel (`brake#<journey>#<channel>`) or a channel (`guard#<channel>`) stands: past its canary
    (`passed`), `stopped` for `reason`, or `resumed` by somebody: of a journey only what came after `base` counts from
    then on, of a channel the days after."""

    name: str
    state: Literal["passed", "stopped", "resumed"]
    at: str
    reason: str = ""
    base: Shares = Shares()


@dataclass(frozen=True)
class Circuit:
    """A provider that took nothing for `reason`; it is tried again with one message at `until`."""

    reason: str
    since: str
    until: datetime
    failures: int = 1


def brake_of(journey: str, channel: str) -> str:
    """The name of a journey's brake."""
    return f"{BRAKE}#{journey}#{channel}"


def guard_of(channel: str) -> str:
    """The name of a channel's guard."""
    return f"{GUARD}#{channel}"


def braked(rule: Brake, shares: Shares) -> str:
    """Why a journey stops, or empty. Of fewer messages than the canary, the shares are taken as of the whole canary:
    one bounce of the first ten is no sign yet."""
    of = max(shares.sent, rule.canary)
    if shares.complained > rule.complained * of:
        return "complaints"
    return "bounces" if shares.bounced > rule.bounced * of else ""


def guarded(rule: Guard, shares: Shares) -> str:
    """Why a channel stops, or empty: not before it has sent enough to judge by."""
    if shares.sent < rule.least:
        return ""
    for reason, count, share in (
        ("complaints", shares.complained, rule.complained),
        ("bounces", shares.bounced, rule.bounced),
        ("inactive", shares.inactive, rule.inactive),
    ):
        if count > share * shares.sent:
            return reason
    return ""


def judged(
    rule: Brake,
    name: str,
    before: Pause | None,
    shares: Shares,
    full_at: datetime | None,
    now: datetime,
    said: str,
) -> Pause | None:
    """What becomes of a journey's brake, if anything: it stops, or its canary (full at `full_at`) has settled."""
    if before and before.state == "stopped":
        return None
    base = before.base if before else Shares()
    if reason := braked(rule, shares.since(base)):
        return Pause(name, "stopped", said, reason, shares)
    if before is None and full_at and now >= full_at + parse_duration(rule.settle):
        return Pause(name, "passed", said)
    return None


def resumed(before: Pause, shares: Shares, said: str) -> Pause:
    """A brake or guard that somebody lifted: what happened until then counts no more."""
    return replace(before, state="resumed", reason="", at=said, base=shares)


def tripped(before: Circuit | None, reason: str, now: datetime, said: str) -> Circuit:
    """The circuit after one more answer that pauses."""
    failures = before.failures + 1 if before else 1
    wait = min(FIRST_PROBE * 2 ** (failures - 1), LAST_PROBE)
    return Circuit(reason, before.since if before else said, now + wait, failures)
