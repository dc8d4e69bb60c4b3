"""What messages add to rows: the sum is what they are now, whatever they were, and however often they are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.delivery.domain import protocol
from services.delivery.domain.feedback import Feedback
from services.delivery.domain.message import Message
from services.delivery.domain.reports.mailboxes import mailbox_of
from services.delivery.domain.reports.once import Change, beyond, portions
from services.delivery.domain.reports.rows import RowKey, added, counted
from services.shared.clock import from_iso

BASE = Message(
    send_id="snd_1",
    template="news",
    channels=("email",),
    journey="welcome",
    profile_id="prf_1",
    requested_at="2026-03-01T12:00:00.000Z",
    updated_at="2026-03-01T12:00:00.000Z",
)
STATES = st.sampled_from(
    [
        ("pending", ""),
        ("claimed", ""),
        ("unknown", "timeout"),
        ("sent", ""),
        ("failed", "unknown_outcome"),
        ("failed", "rejected"),
        ("skipped", "no_consent"),
    ]
)
FEEDBACK = st.lists(
    st.tuples(
        st.sampled_from(["delivered", "opened", "clicked", "bounced", "soft_bounced", "complained"]),
        st.integers(1, 9),
    ),
    min_size=1,
    max_size=6,
)


def sums(rows: Iterable[dict[RowKey, Any]]) -> dict[RowKey, dict[str, int]]:
    total: dict[RowKey, Counter[str]] = {}
    for one in rows:
        for key, numbers in one.items():
            total.setdefault(key, Counter()).update(numbers)
    return {key: {n: a for n, a in by.items() if a} for key, by in total.items() if any(by.values())}


@given(st.lists(st.tuples(STATES, st.integers(1, 9)), min_size=1, max_size=8))
@settings(max_examples=50)
def test_counts_are_where_the_message_stands_now(walk: list[tuple[tuple[Any, str], int]]) -> None:
    steps = [BASE]
    for (status, reason), day in walk:
        at = f"2026-03-0{day}T12:00:00.000Z"
        channel = "" if status == "pending" else "email"
        steps.append(replace(steps[-1], status=status, reason=reason, updated_at=at, channel=channel))
    total = sums(added(old, new) for old, new in zip([None, *steps], steps, strict=False))

    numbers = Counter[str]()
    for by in total.values():
        numbers.update(by)
    last = steps[-1]
    expected = {"requested": 1}
    if last.status in ("sent", "failed", "skipped"):
        expected[last.status] = 1
    if last.status == "sent":
        expected["units"] = 1
    if last.status == "skipped":
        expected["skipped_no_consent"] = 1
    assert {n: a for n, a in numbers.items() if a} == expected
    assert {key.channel for key in total} == {last.channel}


@given(FEEDBACK, st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_feedback_in_any_order_fifty_times_counts_the_same(told: list[tuple[str, int]], random: Any) -> None:
    """F19: providers repeat their events, and tell them in any order; even the day is the same."""

    def after(order: Sequence[tuple[str, int]]) -> dict[RowKey, dict[str, int]]:
        seen, rows = replace(BASE, status="sent", channel="email", mailbox="gmail"), []
        rows.append(added(None, seen))
        for kind, day in order:
            at = from_iso(f"2026-03-0{day}T08:00:00Z")
            new = protocol.fed_back(seen, Feedback(kind, seen.send_id, "ses", at))
            if new is not None:
                rows.append(added(seen, new))
                seen = new
        assert sums(rows) == sums([counted(seen)])
        return sums(rows)

    often = told * 50
    random.shuffle(often)
    assert after(often) == after(told)


@given(st.integers(1, 12), st.lists(st.integers(1, 12), min_size=1, max_size=6), st.integers(1, 5))
@settings(max_examples=80)
def test_a_stream_that_is_cut_and_repeated_anyhow_counts_once(
    records: int, cuts: list[int], most: int
) -> None:
    """Each try begins where the last batch that came through ended, and is of any length."""
    stream = [Change(f"e{i}", {RowKey(day="d", journey=f"j{i % 3}"): {"sent": 1}}) for i in range(records)]
    notes: dict[str, list[str]] = {}
    total = Counter[str]()

    def count(portion: Sequence[Change]) -> Sequence[Change]:
        first = portion[0].event_id
        if first not in notes:
            notes[first] = [change.event_id for change in portion]
            total.update(next(iter(change.rows)).journey for change in portion)
            return ()
        found = beyond(portion, notes[first])
        if found.ahead:
            notes.setdefault(found.ahead[0], list(found.ahead))
        return found.rest

    begin = 0
    for turn, length in enumerate([*cuts, records]):
        for portion in portions(stream[begin : begin + length], most):
            left: Sequence[Change] = portion
            while left:
                left = count(left)
        if turn % 2:  # the batch came through
            begin += length
    for portion in portions(stream[begin:], most):
        left = portion
        while left:
            left = count(left)

    assert total == Counter(f"j{i % 3}" for i in range(records))


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("a@Gmail.com", "gmail"),
        ("a@hotmail.co.uk", "outlook"),
        ("a@live.nl", "outlook"),
        ("a@yahoo.de", "yahoo"),
        ("a@planet.nl", "kpn"),
        ("a@home.nl", "ziggo"),
        ("a@gmail.com.example", "other"),
        ("a@notgmail.com", "other"),
        ('"a@gmail.com"@example.com', "other"),
    ],
)
def test_mailbox_providers_are_told_by_domain(address: str, mailbox: str) -> None:
    assert mailbox_of("email", address) == mailbox
    assert mailbox_of("sms", address) == ""
