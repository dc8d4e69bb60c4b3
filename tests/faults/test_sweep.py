"""Every fault at the calls of ingest's road: the door, the consumer, the publisher."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from botocore.awsrequest import AWSPreparedRequest

from tests.faults.kinds import FAULTS
from tests.faults.road import Road
from tests.faults.steps import STEPS
from tests.faults.wire import Call, Fault

CALLS = {
    ("dynamodb", "BatchGetItem"),
    ("dynamodb", "BatchWriteItem"),
    ("dynamodb", "DeleteItem"),
    ("dynamodb", "GetItem"),
    ("dynamodb", "PutItem"),
    ("dynamodb", "Query"),
    ("dynamodb", "TransactWriteItems"),
    ("eventbridge", "PutEvents"),
    ("s3", "PutObject"),
    ("secrets-manager", "GetSecretValue"),
    ("sqs", "SendMessage"),
}
"""What the road calls; each of it is struck by every fault that can happen to it."""

LEAST = {
    "crash before": 39,
    "crash after": 39,
    "answer lost": 24,
    "every answer lost": 39,
    "connection lost": 39,
    "throttled twice": 24,
    "throttled": 24,
    "conflict": 17,
    "mismatch": 6,
    "partial": 39,
}
"""How many places are struck, at least: fewer would mean that the road no longer leads through what it should."""


def places(fault: Fault, calls: Iterable[Call]) -> list[Call]:
    """The calls to strike: all, or the first of each operation."""
    struck = [call for call in calls if fault.strikes(call)]
    if fault.everywhere:
        return struck
    firsts = {(call.service, call.operation): call for call in reversed(struck)}
    return sorted(firsts.values(), key=lambda call: call.index)


def sweep(road: Road, fault: Fault) -> Counter[tuple[str, str]]:
    """Let `fault` strike the calls of each step in turn, always from where the step began; what was struck."""
    struck: Counter[tuple[str, str]] = Counter()
    for step in STEPS:
        begin = road.snapshot()
        with road.wire.watched():
            road.walk(step)
        expected, calls = road.state(), road.wire.calls
        for call in places(fault, calls):
            road.go_back(begin)
            place = f"{fault.name}: {step.name}, {call.index} {call.service} {call.operation}"
            with road.wire.watched(fault, lambda one, at=call.index: one.index == at):
                road.walk(step)
                assert road.wire.struck, f"nothing struck, {place}"
            assert road.state() == expected, place
            struck[call.service, call.operation] += 1
        road.go_back(begin)
        road.walk(step)
    return struck


def test_a_transaction_that_is_tried_again_is_the_same_request(road: Road) -> None:
    """F12: tokens are the SDK's, one a call, and no attempt of a call differs from its first."""
    tokens = set()
    for step in STEPS:
        with road.wire.watched(
            FAULTS["throttled twice"], lambda call: call.operation == "TransactWriteItems"
        ):
            road.walk(step)
            transactions = [call for call in road.wire.calls if call.operation == "TransactWriteItems"]
            tried = [body for name, body in road.wire.attempts if name == road.wire.struck_name]
        assert len(tried) == (3 if transactions else 0)
        assert len(set(tried)) <= 1
        mine = [call.body["ClientRequestToken"] for call in transactions]
        assert len(set(mine)) == len(mine)
        assert tokens.isdisjoint(mine)
        tokens |= set(mine)
    assert len(tokens) >= 6


@pytest.mark.parametrize("name", FAULTS)
def test_it_ends_as_if_nothing_had_happened(road: Road, name: str) -> None:
    """F5, F6, F8, F9, F10, F11, F12, F13; what fails comes again (F3, F4)."""
    struck = sweep(road, FAULTS[name])
    assert struck.total() >= LEAST[name]
    assert struck.keys() == {call for call in CALLS if _can_happen(FAULTS[name], call)}


def _can_happen(fault: Fault, call: tuple[str, str]) -> bool:
    return fault.strikes(Call(0, *call, AWSPreparedRequest("POST", "", {}, b"", False)))
