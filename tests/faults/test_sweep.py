"""Every fault at the calls of ingest's road: the door, the consumer, the publisher."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from tests.faults.road import STEPS, Road
from tests.faults.wire import FAULTS, Call, Fault

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
    ("sqs", "ChangeMessageVisibility"),
    ("sqs", "SendMessage"),
}
"""What the road calls; each of it is struck by every fault that can happen to it."""

LEAST = {"crash before": 28, "crash after": 35, "every answer lost": 35, "conflict": 20}
"""How many places are struck, at least: fewer would mean that the road no longer leads through what it should."""


def places(fault: Fault, calls: Iterable[Call]) -> list[Call]:
    """The calls to strike: all, or the first of each operation."""
    struck = [call for call in calls if fault.strikes(call)]
    if fault.everywhere:
        return struck
    firsts = {(call.service, call.operation): call for call in reversed(struck)}
    return sorted(firsts.values(), key=lambda call: call.index)


def sweep(road: Road, fault: Fault) -> Counter[tuple[str, str]]:
    """Let `fault` strike the calls of each step in turn, always from where the step began; what was struck how often."""
    struck: Counter[tuple[str, str]] = Counter()
    for step in STEPS:
        begin = road.snapshot()
        with road.wire.watched():
            road.walk(step)
        calls = road.wire.calls
        expected = road.state()
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


@pytest.mark.parametrize("name", FAULTS)
def test_it_ends_as_if_nothing_had_happened(road: Road, name: str) -> None:
    """F5, F6, F8, F9, F10, F11, F12, F13; what fails comes again (F3, F4)."""
    struck = sweep(road, FAULTS[name])
    print("STRUCK", name, struck)
