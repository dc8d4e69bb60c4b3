"""The send protocol, every schedule of faults through the real use cases. F1, F5, F6, F7, F8, F9, F18, F22, F24.

0 doubles and 0 silent losses for marketing; a service message may leave twice, once, and is flagged then. All schedules
of marketing are walked with EXHAUSTIVE=1, and those of a service message, which are many more, with CONFORMANCE=full;
otherwise a sample of them, drawn by seed. Claims whose answer is lost, and withdrawals, are in samples alone.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from services.delivery.domain import protocol
from services.delivery.domain.message import Message
from services.delivery.use_cases.send_messages import SendMessages
from tests.support.thorough import EXHAUSTIVE, FULL
from tests.unit.delivery.protocol_world import OUTCOMES, World, live, problems
from tests.unit.delivery.test_withdrawal_race import Choices

SAMPLE = 700
PARTS = 4
"""In which all schedules are walked, side by side."""

LIKELY = 0.35
"""How often a drawn schedule leaves the plain way."""


class Drawn:
    """Choices drawn by seed, so that a failing schedule can be lived again."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def of(self, number: int) -> int:
        if number == len(OUTCOMES) or self._chance.random() < LIKELY:
            return self._chance.randrange(number)
        return 0


def drawn(message_class: str) -> Iterator[World]:
    for seed in range(SAMPLE * 20 if EXHAUSTIVE else SAMPLE):
        yield live(World(Drawn(seed), message_class))


def every(message_class: str, part: int) -> Iterator[World]:
    choices = Choices(part, PARTS)
    while True:
        yield live(World(choices, message_class, repeats=False))
        if not choices.again():
            return


@pytest.mark.capability("000-35")
@pytest.mark.parametrize("message_class", ["commercial", "service"])
def test_no_schedule_doubles_a_message_or_loses_it_silently(message_class: str) -> None:
    seen: Counter[str] = Counter()
    for world in drawn(message_class):
        assert problems(world) == [], world.trail
        assert world.message
        seen[f"{world.message.status} {world.message.reason}".strip()] += 1
        seen[f"accepted {world.accepted}"] += 1
        seen.update({step.split(" as ")[0] for step in world.trail})
    assert seen["failed unknown_outcome"]
    assert seen["failed MessageRejected"]
    assert seen["accepted 0"]
    assert seen["accepted 1"]
    assert seen["accepted 2"] if message_class == "service" else not seen["accepted 2"]
    assert {
        "dies before the claim",
        "dies before the answer is heard",
        "feedback before the answer",
    } <= seen.keys()
    assert {"stalls while it is delivered", "stalls while it is swept", "feedback long after"} <= seen.keys()


@pytest.mark.capability("000-35")
@pytest.mark.skipif(not EXHAUSTIVE, reason="walks every schedule: make sweep, make conformance")
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("message_class", ["commercial", *(["service"] if FULL else [])])
def test_no_schedule_at_all_does(message_class: str, part: int) -> None:
    number = 0
    for world in every(message_class, part):
        assert problems(world) == [], world.trail
        number += 1
    assert number > 10_000


@pytest.mark.capability("000-35")
def test_a_withdrawal_in_between_leaves_no_message_skipped_that_left() -> None:
    ends: Counter[str] = Counter()
    for seed in range(SAMPLE * (20 if EXHAUSTIVE else 1)):
        world = live(World(Drawn(seed), "commercial", fickle=True))
        assert problems(world) == [], world.trail
        assert world.message
        ends[f"{world.message.status} {world.message.reason}".strip()] += 1
        ends["left, and then withdrawn"] += bool(world.accepted and world.withdrawn)
    assert ends["skipped no_consent"]
    assert ends["left, and then withdrawn"]
    assert ends["sent"]


def test_who_overlooks_a_claim_in_the_ledger_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SendMessages, "_overtaken", lambda self, *_: "")
    found: Counter[str] = Counter()
    for seed in range(SAMPLE):
        for fickle in (False, True):
            found.update(problems(live(World(Drawn(seed), "commercial", fickle))))
    assert found["sent 2 times"]
    assert found["it ends skipped"]


def broken_claimable(message: Message) -> bool:
    """Tries again whatever it does not know the fate of."""
    return message.status in ("pending", "held", "retry", "unknown")


def broken_given_up(message: Message) -> bool:
    """Takes a message that it gave up for one that failed for good."""
    return False


@pytest.mark.parametrize(
    ("name", "broken", "problem"),
    [
        ("claimable", broken_claimable, "sent 2 times"),
        ("gave_up", broken_given_up, "lost, though the provider told of it"),
        ("may_resend", lambda message: message.status in ("claimed", "unknown"), "sent 2 times"),
        ("given_up", lambda message, at: None, "it ends unknown"),
    ],
)
def test_a_protocol_that_is_broken_is_found(
    name: str, broken: object, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, name, broken)
    found: Counter[str] = Counter()
    for seed in range(SAMPLE):
        found.update(problems(live(World(Drawn(seed), "commercial"))))
        if problem in found:
            return
    raise AssertionError(f"{problem} was not found, but {dict(found)}")
