"""Items that DynamoDB removes some time after they have expired, or has removed already: what is decided once their
time is over is the same with them and without (F40)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.ingest.adapters.dynamo_forms import DynamoCounters
from services.ingest.adapters.dynamo_forwarding import ERASED, KEPT, DynamoForwarding
from services.ingest.domain.sinks import Delivery
from services.ingest.sinks.ports import Told
from services.shared.aws.clients import client
from services.shared.aws.dynamo import Table
from tests.integration.ingest.conftest import World
from tests.integration.ingest.test_sinks import make_tables

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
QUEUES = timedelta(days=14)
"""How long a message can be under way in a queue, and then as long again in one for dead letters."""

either_way = pytest.mark.parametrize("is_removed", [True, False], ids=["removed", "still there"])


@pytest.fixture
def forwarding(world: World) -> DynamoForwarding:
    make_tables()
    return DynamoForwarding(Table("Forwarding"))


@pytest.fixture
def counters(world: World) -> DynamoCounters:
    client("dynamodb").create_table(
        TableName="FormRates",
        KeySchema=[{"AttributeName": "counter", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "counter", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return DynamoCounters(Table("FormRates"))


def items(table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client("dynamodb").scan(TableName=table)["Items"]
    return found


def remove_expired(table: str, keys: tuple[str, ...], now: datetime) -> int:
    """What DynamoDB does in its own time."""
    gone = [i for i in items(table) if "expires_at" in i and int(i["expires_at"]["N"]) <= now.timestamp()]
    for item in gone:
        client("dynamodb").delete_item(TableName=table, Key={key: item[key] for key in keys})
    return len(gone)


def delivery(profile_id: str = "prf_1") -> Delivery:
    row = {"profile_id": profile_id, "at": "2026-01-10T12:00:00.000Z"}
    return Delivery("crm", "dlv_1", "ProfilesChanged.v1", row["at"], (row,))


@either_way
def test_a_row_that_waited_too_long_for_its_sink_is_not_sent(
    forwarding: DynamoForwarding, is_removed: bool
) -> None:
    """F40: the sink opens again after more than ninety days."""
    forwarding.park(delivery(), NOW)
    in_time = NOW + KEPT - timedelta(seconds=1)
    assert [one.delivery_id for one in forwarding.parked("crm", in_time)] == ["dlv_1"]
    late = NOW + KEPT
    if is_removed:
        assert remove_expired("Forwarding", ("pk", "sk"), late) == 1
    assert list(forwarding.parked("crm", late)) == []


@either_way
def test_a_row_of_an_erased_person_is_not_kept_again(forwarding: DynamoForwarding, is_removed: bool) -> None:
    """F40: the mark outlives whatever may still be under way; then nothing asks for it any more."""
    forwarding.erase(["prf_1"], NOW)
    last = NOW + 2 * QUEUES
    assert remove_expired("Forwarding", ("pk", "sk"), last) == 0
    forwarding.park(delivery(), last)
    forwarding.tell("crm", "prf_1", Told(1, "digest"))
    assert [item["sk"]["S"] for item in items("Forwarding")] == ["erased"]
    late = NOW + ERASED
    if is_removed:
        assert remove_expired("Forwarding", ("pk", "sk"), late) == 1
    forwarding.park(delivery("prf_2"), late)
    assert [one.profiles() for one in forwarding.parked("crm", late)] == [{"prf_2"}]


@either_way
def test_a_counter_of_yesterday_does_not_count_today(counters: DynamoCounters, is_removed: bool) -> None:
    """F40: a counter is named after its day."""
    until = NOW + timedelta(days=2)
    assert [counters.admit("who#2026-01-10", 2, until) for _ in range(3)] == [True, True, False]
    if is_removed:
        assert remove_expired("FormRates", ("counter",), until) == 1
    assert [counters.admit("who#2026-01-12", 2, until) for _ in range(3)] == [True, True, False]
