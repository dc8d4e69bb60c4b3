"""The send protocol: its table of transitions, and every schedule of faults through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations, product
from typing import Any

import pytest

from services.delivery.domain import protocol
from services.delivery.domain.feedback import Feedback
from services.delivery.domain.message import WAITING, Message
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


class Crash(Exception):
    """The worker died."""


class World:
    """A store with compare-and-set, and a provider whose answers and losses are scripted."""

    def __init__(self, message_class: str) -> None:
        self.message = message(message_class=message_class)
        self.accepted = 0
        self.attempts = 0

    def swap(self, change: Callable[[Message], Message | None]) -> None:
        self.message = change(self.message) or self.message

    def attempt(self, crash: str, outcome: str, early: bool) -> None:
        self.attempts += 1
        attempt_id = f"a{self.attempts}"
        _crash(crash, "before_claim")
        if crash == "quiet":
            self.swap(lambda m: protocol.held(m, "quiet_hours", NOW + timedelta(hours=1), NOW))
            return
        self.message = protocol.claimed(self.message, claim(attempt_id), NOW)
        _crash(crash, "before_send")
        if outcome in ("accepted", "lost_answer"):
            self.accepted += 1
            if early:
                self.feedback()
        _crash(crash, "before_settle")
        answers: dict[str, Answer] = {
            "accepted": Sent("p1"),
            "refused": Refused("no"),
            "throttled": Retry("throttled"),
        }
        answer = answers.get(outcome, Unknown("timeout"))
        self.swap(lambda m: protocol.answered(m, attempt_id, answer, NOW))

    def deliver(self, crash: str, outcome: str, early: bool) -> None:
        if protocol.claimable(self.message):
            self.attempt(crash, outcome, early)

    def sweep(self, outcome: str) -> None:
        if self.message.status in WAITING or protocol.may_resend(self.message):
            self.attempt("", outcome, False)
        else:
            self.swap(lambda m: protocol.given_up(m, NOW))

    def feedback(self) -> None:
        self.swap(lambda m: protocol.fed_back(m, Feedback("delivered", "snd_1", "p1", NOW)))


def _crash(point: str, here: str) -> None:
    if point == here:
        raise Crash


CRASHES = ("", "before_claim", "before_send", "before_settle")
QUIET = "quiet"
"""Not a crash: the person wants nothing at this hour."""

OUTCOMES = ("accepted", "refused", "throttled", "lost_answer", "lost_request")
FEEDBACK = ("none", "early", "before_sweep", "after_sweep")


def schedules(crashes: Sequence[str] = CRASHES) -> Iterator[tuple[Any, Any, str]]:
    steps = list(product(crashes, OUTCOMES))
    for deliveries in product(steps, repeat=2):
        for feedback in FEEDBACK:
            yield (*deliveries, ("", "accepted")), OUTCOMES, feedback


def run(message_class: str, deliveries: Any, feedback: str, swept: str) -> World:
    world = World(message_class)
    for crash, outcome in deliveries:
        try:
            world.deliver(crash, outcome, feedback == "early")
        except Crash:
            continue
    if feedback == "before_sweep" and world.accepted:
        world.feedback()
    world.sweep(swept)
    world.sweep(swept)
    if feedback == "after_sweep" and world.accepted:
        world.feedback()
    return world


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


def test_marketing_is_sent_at_most_once_and_never_lost_silently() -> None:
    runs = 0
    for deliveries, _, feedback in schedules((*CRASHES, QUIET)):
        world = run("commercial", deliveries, feedback, "accepted")
        runs += 1
        assert world.accepted <= 1, (deliveries, feedback)
        assert world.message.status in ("sent", "failed"), (deliveries, feedback)
        if world.message.status == "failed":
            assert world.message.reason, (deliveries, feedback)
        if world.accepted and feedback in ("early", "before_sweep", "after_sweep"):
            assert world.message.status == "sent", (deliveries, feedback)
        if world.message.status == "sent":
            assert world.accepted == 1, (deliveries, feedback)
    assert runs == 2_500


def test_service_messages_double_only_when_answer_and_feedback_are_both_lost() -> None:
    for deliveries, outcomes, feedback in schedules():
        for swept in outcomes:
            world = run("service", deliveries, feedback, swept)
            assert world.accepted <= 2, (deliveries, feedback, swept)
            assert world.message.status in ("sent", "failed", "unknown"), (deliveries, feedback, swept)
            if world.accepted == 2:
                assert feedback in ("none", "after_sweep"), (deliveries, feedback, swept)
                assert world.message.attempts >= 2
