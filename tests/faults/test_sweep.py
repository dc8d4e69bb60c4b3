"""Every fault at the calls of ingest's road: the door, the consumer, the publisher."""

from __future__ import annotations

import pytest

from tests.faults.kinds import FAULTS
from tests.faults.road import Road
from tests.faults.steps import STEPS
from tests.faults.sweeping import SWEPT, can_happen, sweep
from tests.support.thorough import EXHAUSTIVE

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


@pytest.mark.parametrize("name", SWEPT)
def test_it_ends_as_if_nothing_had_happened(road: Road, name: str) -> None:
    """F5, F6, F8, F9, F10, F11, F12, F13; what fails comes again (F3, F4)."""
    struck = sweep(road, STEPS, FAULTS[name])
    assert struck.total() >= LEAST[name] or not EXHAUSTIVE
    assert struck.keys() == {call for call in CALLS if can_happen(FAULTS[name], *call)}
