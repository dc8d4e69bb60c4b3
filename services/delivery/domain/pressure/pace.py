"""How fast: one allowance for all workers of a channel (the generic cell rate algorithm), and how a provider that is
asked too often is left in peace. Moments are seconds of real time: a provider's quota is of this world's clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor

LONGEST_BACK_OFF = 60.0
"""Seconds for which a channel stands still at most after a provider said that it was too fast."""

_EASED = 120.0
"""Seconds without such an answer after which the next one counts as the first."""


@dataclass(frozen=True)
class Quota:
    """What the account may send: so many a second and in 24 hours, of which `sent` went before `read_at`. Zero: no
    limit. `paused` is why nothing may be sent at all, or empty. Of text messages their parts count."""

    per_second: float = 0.0
    per_day: float = 0.0
    sent: float = 0.0
    read_at: float = 0.0
    paused: str = ""


@dataclass(frozen=True)
class Bucket:
    """A channel's allowance. `next_at` is when the leases so far are used up; `leased` how many were given since the
    quota was read."""

    next_at: float = 0.0
    leased: int = 0
    blocked_until: float = 0.0
    strikes: int = 0
    struck_at: float = 0.0
    quota: Quota = Quota()


def rate_of(bucket: Bucket, per_second: float | None) -> float:
    """Messages a second: the smaller of the policy's and the account's; zero: no limit."""
    return min((rate for rate in (per_second or 0.0, bucket.quota.per_second) if rate), default=0.0)


def room_today(bucket: Bucket, *, commercial: bool, reserved: float) -> float:
    """Messages that the account may still send in its 24 hours; a share is `reserved` for service messages."""
    quota = bucket.quota
    if not quota.per_day:
        return float("inf")
    share = 1 - reserved if commercial else 1.0
    return max(0.0, quota.per_day * share - quota.sent - bucket.leased)


def lease(bucket: Bucket, rate: float, wanted: int, now: float, least: int = 1) -> tuple[int, Bucket]:
    """At most `wanted` to be sent at once: in any stretch of time, no more than a second's worth beyond what `rate`
    gives, or than the `least` that is of any use (the parts of one message). With it the bucket that remains."""
    if now < bucket.blocked_until:
        return 0, bucket
    if not rate:
        return wanted, replace(bucket, leased=bucket.leased + wanted)
    begin = max(bucket.next_at, now)
    room = floor((now + max(1.0, least / rate) - begin) * rate + 1e-9)
    given = max(0, min(wanted, room))
    return given, replace(bucket, next_at=begin + given / rate, leased=bucket.leased + given)


def wait_for(bucket: Bucket, rate: float, wanted: int, now: float, least: int = 1) -> float:
    """Seconds until a lease of so many is possible."""
    freed = bucket.next_at - max(1.0, least / rate) + wanted / rate if rate else now
    return max(0.0, freed - now, bucket.blocked_until - now)


def struck(bucket: Bucket, now: float) -> Bucket:
    """After the provider said that it was too fast: twice as long as the last time, until it has been quiet."""
    if now < bucket.blocked_until:
        return bucket
    strikes = bucket.strikes + 1 if now - bucket.struck_at < _EASED else 1
    until = now + min(LONGEST_BACK_OFF, 2.0 ** (strikes - 1))
    return replace(bucket, strikes=strikes, struck_at=now, blocked_until=until)
