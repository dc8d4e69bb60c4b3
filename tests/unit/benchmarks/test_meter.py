"""The meter on moto: what each kind of call counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from benchmarks.meter import Meter, chunks
from benchmarks.prices import Prices
from tests.support.processes import Function

FUNCTION = Function("f", "arn", "ingest", "services.ingest.handlers.on_events", 512, 30, {})


@pytest.fixture
def meter() -> Iterator[Meter]:
    with mock_aws():
        meter = Meter(Prices.load(), running=True)
        boto3.setup_default_session(region_name="us-east-1")
        meter.attach(boto3.DEFAULT_SESSION.events)
        boto3.client("dynamodb").create_table(
            TableName="t",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "due", "AttributeType": "S"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "due",
                    "KeySchema": [{"AttributeName": "due", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield meter
        boto3.DEFAULT_SESSION = None


def put(size: int = 10, **attributes: str) -> None:
    item = {"pk": {"S": "1"}, "state": {"S": "x" * size}, **{k: {"S": v} for k, v in attributes.items()}}
    boto3.client("dynamodb").put_item(TableName="t", Item=item)


def test_a_put_is_billed_by_the_larger_item(meter: Meter) -> None:
    put(2500)
    put(10)

    assert meter.amount("dynamodb.write") == 3 + 3


def test_an_index_is_billed_only_when_it_changes(meter: Meter) -> None:
    put(due="a")
    put(due="a", other="b")
    put(due="c")

    assert meter.amount("dynamodb.write") == (1 + 1) + 1 + (1 + 2)


def test_a_refused_write_is_billed(meter: Meter) -> None:
    client = boto3.client("dynamodb")
    put(1500)
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        client.put_item(
            TableName="t", Item={"pk": {"S": "1"}}, ConditionExpression="attribute_not_exists(pk)"
        )

    assert meter.amount("dynamodb.write") == 2 + 2


def test_a_transaction_costs_double_and_checks_count(meter: Meter) -> None:
    ops: list[dict[str, Any]] = [
        {"Put": {"TableName": "t", "Item": {"pk": {"S": "2"}}}},
        {
            "ConditionCheck": {
                "TableName": "t",
                "Key": {"pk": {"S": "3"}},
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        },
    ]
    boto3.client("dynamodb").transact_write_items(TransactItems=ops)

    assert meter.amount("dynamodb.write") == 4


def test_reads_round_up_by_item_and_halve_when_eventual(meter: Meter) -> None:
    client = boto3.client("dynamodb")
    put(5000)
    keys = [{"pk": {"S": "1"}}, {"pk": {"S": "missing"}}]
    client.get_item(TableName="t", Key=keys[0])
    client.batch_get_item(RequestItems={"t": {"Keys": keys, "ConsistentRead": True}})
    client.query(
        TableName="t", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "1"}}
    )

    assert meter.amount("dynamodb.read") == 1 + (2 + 1) + 1


def test_nothing_counts_while_it_does_not_run(meter: Meter) -> None:
    meter.running = False
    put()

    assert meter.usd() == 0


def test_units_belong_to_the_function_that_is_running(meter: Meter) -> None:
    with meter.invocation(FUNCTION):
        put()
    meter.polled(FUNCTION, [70_000, *[10] * 10])

    part = meter.amounts["ingest.on_events"]
    assert (part["dynamodb.write"], part["lambda.request"]) == (1, 1)
    assert part["lambda.gb_second_waiting"] == pytest.approx(0.005 * 0.5)
    assert part["sqs.request"] == (2 + 1) + (1 + 1)
    assert meter.amount("dynamodb.write") == 1


def test_what_providers_have_aws_do_is_counted_apart(meter: Meter) -> None:
    meter.published(2_000)
    meter.published(70_000)
    meter.filed([2_000, 5_120, 5_121])

    assert meter.amounts["(providers)"] == {
        "sns.publish": 1 + 2,
        "firehose.record": 1 + 1 + 2,
        "s3.put": 1,
        "events.event": 1,
    }


@pytest.mark.parametrize(("size", "billed"), [(0, 1), (65_536, 1), (65_537, 2), (200_000, 4)])
def test_chunks(size: int, billed: int) -> None:
    assert chunks(size) == billed


def test_lines_scale_to_a_million_and_add_up(meter: Meter) -> None:
    put()
    meter.add("states.transition", 3)

    lines = meter.lines(per=2)

    assert {line["unit"]: line["amount"] for line in lines} == {
        "dynamodb.write": 500_000,
        "states.transition": 1_500_000,
    }
    assert sum(line["usd"] for line in lines) == pytest.approx(meter.usd() * 500_000)
