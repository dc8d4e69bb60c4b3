"""The send protocol: its table of transitions (every schedule of faults: test_protocol_model)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from services.delivery.domain import protocol
from services.delivery.domain.feedback import Feedback
from services.delivery.domain.message import Message
from services.delivery.domain.protocol import Answer, Claim, Refused, Retry, Sent, Unknown
from services.shared.clock import to_iso

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def message(**fields: Any) -> Message:
    base: dict[str, Any] = {
        "send_id": "snd_1",
        "template": "news",
        "channels": ("email",),
        "requested_at": "2026-03-01T12:00:00.000Z",
        "message_class": "commercial",
    }
    return Message(**{**base, **fields})


def claim(attempt: str) -> Claim:
    return Claim(attempt, "email", "adr_1", "cns_1", ())


CLAIMED = protocol.claimed(message(), claim("a1"), NOW)


@pytest.mark.parametrize(
    ("seen", "attempt", "answer", "status", "reason"),
    [
        (CLAIMED, "a1", Sent("p1"), "sent", ""),
        (CLAIMED, "a0", Sent("p1"), "sent", ""),
        (CLAIMED, "a1", Refused("MessageRejected"), "failed", "MessageRejected"),
        (CLAIMED, "a1", Retry("throttled"), "retry", "throttled"),
        (CLAIMED, "a1", Unknown("timeout"), "unknown", "timeout"),
        (CLAIMED, "a0", Refused("no"), None, ""),
        (CLAIMED, "a0", Retry("no"), None, ""),
        (CLAIMED, "a0", Unknown("no"), None, ""),
        (replace(CLAIMED, status="sent"), "a1", Unknown("no"), None, ""),
        (replace(CLAIMED, status="sent"), "a1", Sent("p1"), None, ""),
        (replace(CLAIMED, status="failed", reason="rejected"), "a1", Sent("p1"), None, ""),
        (replace(CLAIMED, status="failed", reason="unknown_outcome"), "a1", Sent("p1"), "sent", ""),
        (replace(CLAIMED, possible_duplicate=True), "a1", Retry("throttled"), "unknown", "throttled"),
        (replace(CLAIMED, possible_duplicate=True), "a1", Refused("no"), "failed", "unknown_outcome"),
    ],
)
def test_what_an_answer_makes_of_a_message(
    seen: Message, attempt: str, answer: Answer, status: str | None, reason: str
) -> None:
    new = protocol.answered(seen, attempt, answer, NOW)

    assert (new.status, new.reason) == (status, reason) if new else status is None


def test_settling_forgets_what_was_kept_for_sending() -> None:
    seen = replace(CLAIMED, address="ann@example.com", params={"url": "x"})
    new = protocol.answered(seen, "a1", Sent("p1"), NOW)

    assert new
    assert (new.address, new.params, new.provider_id) == ("", {}, "p1")


def test_feedback_folds_to_the_same_message_in_every_order() -> None:
    reports = [
        ("accepted", NOW),
        ("delivered", NOW + timedelta(minutes=1)),
        ("opened", NOW + timedelta(minutes=3)),
        ("opened", NOW + timedelta(minutes=2)),
        ("complained", NOW + timedelta(minutes=9)),
    ]

    def fold(order: tuple[tuple[str, datetime], ...], start: Message) -> tuple[str, dict[str, str]]:
        for kind, at in (*order, *order):
            start = protocol.fed_back(start, Feedback(kind, "snd_1", "p1", at)) or start
        return start.status, dict(sorted(start.marks.items()))

    starts = (CLAIMED, replace(CLAIMED, status="unknown"), protocol.given_up(CLAIMED, NOW), CLAIMED)
    ends = [fold(order, start) for order in permutations(reports) for start in starts if start]
    assert all(end == ends[0] for end in ends)
    assert ends[0][0] == "sent"
    assert ends[0][1]["opened"] == "2026-03-01T12:02:00.000Z"

    rejected = [fold((*order,), CLAIMED) for order in permutations([*reports[:3], ("rejected", NOW)])]
    assert {status for status, _ in rejected} == {"failed"}


@pytest.mark.parametrize(
    ("status", "days", "expires"),
    [("retry", 30, True), ("pending", 30, True), ("retry", 29, False), ("unknown", 40, False)],
)
def test_only_what_never_left_expires(status: Any, days: int, expires: bool) -> None:
    new = protocol.expired(replace(CLAIMED, status=status, address="x"), NOW + timedelta(days=days))

    assert (new is not None) == expires
    if new:
        assert (new.status, new.reason, new.address) == ("failed", "expired", "")


def test_a_message_is_held_once_until_a_moment_and_only_while_nothing_left() -> None:
    until = NOW + timedelta(hours=9)
    held = protocol.held(message(), "quiet_hours", until, NOW)
    assert held is not None
    assert (held.status, held.reason, held.claimed_at) == ("held", "quiet_hours", to_iso(until))
    assert protocol.held(held, "quiet_hours", until, NOW + timedelta(hours=1)) is None
    later = protocol.held(held, "quiet_hours", until + timedelta(days=1), NOW)
    assert later is not None
    assert protocol.claimable(later)
    for status in ("claimed", "unknown", "sent", "skipped", "failed"):
        assert protocol.held(message(status=status), "quiet_hours", until, NOW) is None
