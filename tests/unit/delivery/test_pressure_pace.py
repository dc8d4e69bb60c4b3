"""How fast, and when nobody is written to: laws of the shared allowance, the brake, the guard and the circuit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.delivery.domain.pressure.pace import Bucket, Quota, lease, room_today, struck, wait_for
from services.delivery.domain.pressure.pauses import (
    LAST_PROBE,
    Pause,
    Shares,
    braked,
    guarded,
    judged,
    resumed,
    tripped,
)
from services.delivery.domain.pressure.policy import Brake, Guard
from services.delivery.domain.pressure.policy import Pace as PaceRule
from services.delivery.use_cases.pace import Pace
from services.shared.clock import to_iso

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SAID = to_iso(NOON)


@settings(max_examples=100)
@given(
    st.sampled_from([0.5, 1.0, 14.0, 200.0]),
    st.lists(st.tuples(st.floats(0, 3), st.integers(1, 60)), min_size=1, max_size=40),
    st.integers(1, 8),
)
def test_in_no_stretch_of_time_more_leaves_than_the_rate_and_a_second_s_worth(
    rate: float, asks: list[tuple[float, int]], least: int
) -> None:
    """F14: whoever asks, however much at once; or, where that is more, than the parts of one message."""
    bucket, now, given_at = Bucket(), 1_000.0, list[tuple[float, int]]()
    for pause, wanted in asks:
        now += pause
        given, bucket = lease(bucket, rate, wanted, now, least)
        assert 0 <= given <= wanted
        given_at.append((now, given))
    for n, (begin, _) in enumerate(given_at):
        total = 0
        for end, given in given_at[n:]:
            total += given
            assert total <= (end - begin) * rate + max(1.0, rate, least) + 1e-6


@settings(max_examples=50)
@given(st.sampled_from([0.5, 14.0, 200.0]), st.integers(0, 500), st.integers(1, 8))
def test_after_the_wait_there_is_room(rate: float, before: int, parts: int) -> None:
    """Also for a message of more parts than leave in a second."""
    _, bucket = lease(Bucket(), rate, before, 1_000.0)
    wait = wait_for(bucket, rate, parts, 1_000.0, parts)
    assert lease(bucket, rate, parts, 1_000.0 + wait + 1e-6, parts)[0] == parts
    if wait > 0.01:
        assert lease(bucket, rate, parts, 1_000.0 + wait - 0.01, parts)[0] < parts


def test_a_provider_that_is_asked_too_fast_is_left_in_peace_longer_each_time() -> None:
    bucket, waits, now = Bucket(), [], 1_000.0
    for _ in range(9):
        bucket = struck(bucket, now)
        assert struck(bucket, now + 0.5) == bucket  # one burst is one strike, whoever tells of it
        waits.append(bucket.blocked_until - now)
        assert lease(bucket, 14, 5, bucket.blocked_until - 0.01)[0] == 0
        now = bucket.blocked_until
        assert lease(bucket, 14, 5, now)[0] == 5
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert struck(bucket, now + 300).blocked_until == now + 301


def test_the_day_s_quota_is_kept_for_service_messages_first() -> None:
    """F15: commercial ones stop before it is used up, and go on when the account may send again."""
    bucket = Bucket(quota=Quota(per_second=14, per_day=1_000, sent=880), leased=19)
    assert room_today(bucket, commercial=True, reserved=0.1) == 1
    assert room_today(bucket, commercial=False, reserved=0.1) == 101
    spent = Bucket(quota=Quota(per_day=1_000, sent=1_000))
    assert room_today(spent, commercial=False, reserved=0.1) == 0
    assert room_today(Bucket(), commercial=True, reserved=0.1) == float("inf")


class Shelf:
    """Buckets that two workers share; every second write is too late."""

    def __init__(self) -> None:
        self.buckets: dict[str, tuple[Bucket, int]] = {}
        self.writes = 0

    def get(self, channel: str) -> tuple[Bucket, int]:
        return self.buckets.get(channel, (Bucket(), 0))

    def put(self, channel: str, bucket: Bucket, seen: int) -> bool:
        self.writes += 1
        if seen != self.get(channel)[1] or self.writes % 2 == 0:
            return False
        self.buckets[channel] = (bucket, seen + 1)
        return True


def test_workers_share_the_account_s_quota_and_ask_for_it_rarely() -> None:
    now, asked, shelf, unread = [1_000.0], [0], Shelf(), list[tuple[str, str]]()

    def quota(at: float) -> Quota:
        asked[0] += 1
        if asked[0] == 3:
            raise ConnectionError
        return Quota(per_second=20, per_day=300, sent=float(asked[0] == 2) * 30, read_at=at)

    workers = [
        Pace(
            buckets=shelf,
            quotas={"email": quota},
            now=lambda: now[0],
            unread=lambda channel, error: unread.append((channel, type(error).__name__)),
        )
        for _ in range(2)
    ]
    sent = [0, 0]
    for _ in range(100):  # ten seconds
        for worker in workers:
            while worker.take("email", None, commercial=True) == 0.0:
                sent[0] += 1
        now[0] += 0.1
    assert 200 <= sent[0] <= 220
    assert (asked[0], shelf.writes < 120) == (1, True)
    now[0] += 5
    for _ in range(200):
        while workers[0].take("email", None, commercial=True) == 0.0:
            sent[0] += 1
        now[0] += 0.1
    assert sent[0] == 270  # a tenth is left to service messages
    assert workers[0].take("email", None, commercial=True) == 3_600
    assert workers[1].take("email", None, commercial=False) == 0
    now[0] += 300
    assert workers[1].take("email", None, commercial=True) == 0  # read again: the 24 hours slid
    now[0] += 301
    assert workers[0].take("email", None, commercial=True) == 0  # can't be read: the last one counts
    assert (asked[0], unread) == (3, [("email", "ConnectionError")])
    assert workers[0].take("sms", PaceRule(per_second=1), commercial=True) == 0
    assert 0 < workers[1].take("sms", PaceRule(per_second=1), commercial=True) <= 1
    assert workers[0].take("push", None, commercial=True) == 0
    workers[0].too_fast("push")
    assert workers[1].take("push", None, commercial=True) > 0


def test_text_messages_are_paced_by_their_parts() -> None:
    """F14: a number of 3 parts a second; what has 5 parts goes alone, and the next waits for all of them."""
    now = [1_000.0]
    pace = Pace(
        buckets=Shelf(),
        quotas={"sms": lambda at: Quota(per_second=3, read_at=at)},
        now=lambda: now[0],
        unread=lambda channel, error: None,
    )
    parts = 0
    for step in range(200):  # twenty seconds
        now[0] += 0.1
        size = 5 if step % 3 else 1
        while pace.take("sms", None, commercial=True, units=size) == 0.0:
            parts += size
    assert 50 <= parts <= 20 * 3 + 5


@pytest.mark.parametrize(
    ("shares", "reason"),
    [
        (Shares(10, 10), ""),
        (Shares(100, 20), ""),
        (Shares(100, 21), "bounces"),
        (Shares(1_000, 20), ""),
        (Shares(1_000, 21), "bounces"),
        (Shares(10_000, 200), ""),
        (Shares(10_000, 201), "bounces"),
        (Shares(1_000, 0, 1), "complaints"),
        (Shares(2_000, 0, 1), ""),
        (Shares(10_000, 0, 5), ""),
        (Shares(10_000, 0, 6), "complaints"),
    ],
)
def test_a_journey_stops_beyond_two_percent_bounces_or_one_complaint_in_two_thousand(
    shares: Shares, reason: str
) -> None:
    assert braked(Brake(), shares) == reason


def test_a_canary_settles_and_what_was_resumed_begins_anew() -> None:
    rule, full = Brake(), NOON - timedelta(hours=1)

    def verdict(before: Pause | None, shares: Shares, full_at: datetime | None) -> Pause | None:
        return judged(rule, "brake#welcome#email", before, shares, full_at, NOON, SAID)

    assert verdict(None, Shares(900), None) is None
    assert verdict(None, Shares(1_000, 20), full + timedelta(seconds=1)) is None
    passed = verdict(None, Shares(1_000, 20), full)
    assert passed
    assert passed.state == "passed"
    stopped = verdict(passed, Shares(2_000, 41), full)
    assert stopped
    assert (stopped.state, stopped.reason) == ("stopped", "bounces")
    assert verdict(stopped, Shares(2_000, 2_000), full) is None
    again = resumed(stopped, Shares(2_000, 41), SAID)
    assert verdict(again, Shares(2_500, 61), full) is None
    worse = verdict(again, Shares(2_500, 62), full)
    assert worse
    assert worse.state == "stopped"


@pytest.mark.capability("000-33")
@pytest.mark.parametrize(
    ("shares", "reason"),
    [
        (Shares(999, 999, 999, 999), ""),
        (Shares(1_000, 50, 1, 600), ""),
        (Shares(1_000, 51, 0, 0), "bounces"),
        (Shares(1_000, 0, 2, 0), "complaints"),
        (Shares(1_000, 0, 0, 601), "inactive"),
    ],
)
def test_each_threshold_of_a_channel_trips_its_guard(shares: Shares, reason: str) -> None:
    assert guarded(Guard(), shares) == reason


def test_a_circuit_stays_open_longer_while_nothing_is_taken() -> None:
    """F16."""
    circuit, now, waits = None, NOON, []
    for _ in range(7):
        circuit = tripped(circuit, "SendingPausedException", now, to_iso(now))
        waits.append((circuit.until - now) / timedelta(minutes=1))
        now = circuit.until
    assert waits == [1, 2, 4, 8, 15, 15, LAST_PROBE / timedelta(minutes=1)]
    assert circuit
    assert circuit.since == SAID
