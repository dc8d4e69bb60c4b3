"""Queues, rules and executions as the road plays them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.shared.clock import FixedClock
from tests.support.fabric import Fabric, Queue, Refused, Subscription, matches

EVENT = {
    "source": "shop.erp",
    "detail-type": "Segment Message",
    "detail": {"type": "track", "tags": ["a", "b"]},
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"source": ["shop.erp"]}, True),
        ({"source": ["other", "shop.erp"]}, True),
        ({"source": ["other"]}, False),
        ({"source": [{"prefix": "shop."}]}, True),
        ({"source": [{"suffix": ".crm"}]}, False),
        ({"source": [{"wildcard": "s*.erp"}]}, True),
        ({"source": [{"anything-but": {"prefix": "halte."}}]}, True),
        ({"source": [{"anything-but": {"prefix": "shop."}}]}, False),
        ({"source": [{"anything-but": ["shop.erp", "x"]}]}, False),
        ({"detail": {"type": ["track"]}}, True),
        ({"detail": {"type": ["track"], "missing": [{"exists": False}]}}, True),
        ({"detail": {"type": [{"exists": False}]}}, False),
        ({"detail": {"tags": ["b"]}}, True),
        ({"source": ["shop.erp"], "detail-type": ["Other"]}, False),
    ],
)
def test_patterns(pattern: dict[str, Any], expected: bool) -> None:
    assert matches(pattern, EVENT) is expected


def test_an_unknown_matcher_is_refused() -> None:
    with pytest.raises(NotImplementedError):
        matches({"source": [{"cidr": "10.0.0.0/8"}]}, EVENT)


@pytest.fixture
def fabric() -> Fabric:
    return Fabric(FixedClock(datetime(2026, 1, 1, tzinfo=UTC)))


def test_an_event_goes_to_every_queue_whose_rule_matches(fabric: Fabric) -> None:
    wanted, other = Queue("wanted"), Queue("other")
    fabric.subscriptions += [
        Subscription({"source": ["shop.erp"]}, wanted),
        Subscription({"source": ["else"]}, other),
    ]
    fabric.put_event("shop.erp", "Segment Message", json.dumps({"type": "track"}))

    [message] = wanted.take(10)
    assert json.loads(message.body)["detail"] == {"type": "track"}
    assert not other.messages


def test_a_message_that_keeps_failing_is_parked() -> None:
    parked = Queue("dead")
    queue = Queue("work", max_receives=2, dead_letters=parked)
    queue.send("x")
    for _ in range(2):
        [message] = queue.take(1)
        queue.give_back(message)

    assert not queue.messages
    assert [m.body for m in parked.messages] == ["x"]


def test_a_batch_is_bounded_by_count_and_size() -> None:
    queue = Queue("work")
    for body in ("aaaa", "bbbb", "cccc"):
        queue.send(body)

    assert [m.body for m in queue.take(10, size=8)] == ["aaaa", "bbbb"]
    assert [m.body for m in queue.take(10, size=1)] == ["cccc"]


def test_an_execution_starts_once(fabric: Fabric) -> None:
    fabric.machines["m"] = {"definition": json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})}
    arn = fabric.start("m", "cohort", '{"a": 1}')

    assert fabric.start("m", "cohort", '{"a": 1}') == arn
    with pytest.raises(Refused, match="ExecutionAlreadyExists"):
        fabric.start("m", "cohort", '{"a": 2}')
    with pytest.raises(Refused, match="StateMachineDoesNotExist"):
        fabric.start("none", "cohort", "{}")
