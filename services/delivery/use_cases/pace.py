"""How fast a channel sends: tokens leased, a quarter of a second's at a time, from what all workers share."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace

from services.delivery.domain.pressure.pace import (
    Bucket,
    Quota,
    lease,
    rate_of,
    room_today,
    struck,
    wait_for,
)
from services.delivery.domain.pressure.policy import Pace as PaceRule
from services.delivery.ports.pressure import Buckets

READ_AGAIN = 300.0
"""Seconds for which an account's quota is believed."""

FRESH = 1.0
"""Seconds within which leased tokens are spent, or given up."""

MOST_LEASED = 100
TRIES = 10
SPENT_TODAY = 3_600.0
"""Seconds after which an account that has sent all it may is asked again: its 24 hours slide."""


def real_seconds() -> float:
    """Now, whatever clock a stage has: a provider's quota is of this world's time."""
    return time.time()


def rest(seconds: float) -> None:
    """Wait, of real time."""
    time.sleep(seconds)


class Pace:
    """One worker's view; threads share it."""

    def __init__(
        self,
        *,
        buckets: Buckets,
        quotas: Mapping[str, Callable[[float], Quota]],
        now: Callable[[], float],
        unread: Callable[[str, Exception], None],
    ) -> None:
        self._buckets = buckets
        self._quotas = quotas
        self._now = now
        self._unread = unread
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._tokens: dict[tuple[str, bool], tuple[int, float]] = {}  # what is reserved goes to no campaign
        self._known: dict[str, Quota] = {}
        self._paused: dict[str, str] = {}

    def take(self, channel: str, rule: PaceRule | None, *, commercial: bool, units: int = 1) -> float:
        """Zero: a message of so many units (parts of a text message) may leave now. Else the seconds until it is worth
        asking again."""
        with self._locks[channel]:
            tokens, until = self._tokens.get((channel, commercial), (0, 0.0))
            if tokens >= units and self._now() < until:
                self._tokens[channel, commercial] = (tokens - units, until)
                return 0.0
            return self._lease(channel, rule or PaceRule(), commercial=commercial, units=units)

    def paused(self, channel: str) -> str:
        """Why the account may send nothing at all, as it said when it was asked last; empty: it may."""
        return self._paused.get(channel, "")

    def too_fast(self, channel: str) -> None:
        """The provider said so: everybody leaves it in peace for a while."""
        with self._locks[channel]:
            self._tokens = {key: one for key, one in self._tokens.items() if key[0] != channel}
            for _ in range(TRIES):
                bucket, seen = self._buckets.get(channel)
                new = struck(bucket, self._now())
                if new == bucket or self._buckets.put(channel, new, seen):
                    return

    def _lease(self, channel: str, rule: PaceRule, *, commercial: bool, units: int) -> float:
        for _ in range(TRIES):
            stored, seen = self._buckets.get(channel)
            now = self._now()
            bucket = self._informed(channel, stored, now)
            self._paused[channel] = bucket.quota.paused
            if bucket.quota.paused:
                return READ_AGAIN
            rate = rate_of(bucket, rule.per_second)
            room = room_today(bucket, commercial=commercial, reserved=rule.reserved)
            if room < units:
                return SPENT_TODAY
            wanted = max(units, int(min(room, MOST_LEASED, rate / 4 if rate else MOST_LEASED)))
            given, new = lease(bucket, rate, wanted, now, units)
            if given < wanted:  # a write for each single message would cost more than the message
                return max(wait_for(bucket, rate, wanted, now, units), 0.05)
            unlimited = not rate and not bucket.quota.per_day and bucket.quota == stored.quota
            if unlimited or self._buckets.put(channel, new, seen):
                self._tokens[channel, commercial] = (given - units, now + FRESH)
                return 0.0
        return FRESH

    def _informed(self, channel: str, bucket: Bucket, now: float) -> Bucket:
        """The bucket with the account's quota, asked for again when it is old."""
        if channel not in self._quotas or now - bucket.quota.read_at < READ_AGAIN:
            return bucket
        known = self._known.get(channel)
        if known is None or now - known.read_at >= READ_AGAIN:
            try:
                known = self._quotas[channel](now)
            except Exception as error:  # it stops nobody: the provider says itself when it takes no more
                self._unread(channel, error)
                known = replace(bucket.quota, read_at=now, paused="")
            self._known[channel] = known
        return replace(bucket, quota=known, leased=0)
