"""What the same work costs in the design that first comes to mind: a message, a guard, a write and an event per event.

Each customer event is one queue message; a Powertools-style idempotency record guards it (put, then update); the
profile is read and written whole with its latest events in it (2 KB); one event on the bus tells scoring, which reads
and writes its own 1 KB item, and tells journeys by one more.
"""

from __future__ import annotations

import json
from typing import Any

import boto3

from benchmarks.meter import Meter, chunks
from tests.support.road import Road

EVENTS = 100
_HOP_SECONDS = 0.020
_HOP_GB = 0.5


def usd_per_million(road: Road, meter: Meter) -> float:
    """Dollars per million events, counted by the same meter on tables of its own."""
    client, bus = boto3.client("dynamodb"), boto3.client("events")
    for table in ("naive-guards", "naive-profiles", "naive-standings"):
        client.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    meter.running = True
    for i in range(EVENTS):
        _hop(meter)
        key = {"pk": {"S": f"guard-{i}"}}
        client.put_item(TableName="naive-guards", Item={**key, "status": {"S": "INPROGRESS"}})
        _rewrite(client, "naive-profiles", f"user-{i % 20}", 2000)
        _tell(bus, "ProfileUpdated", i)
        client.put_item(TableName="naive-guards", Item={**key, "status": {"S": "COMPLETED"}})
        _hop(meter)
        _rewrite(client, "naive-standings", f"user-{i % 20}", 900)
        _tell(bus, "ScoreUpdated", i)
        _hop(meter)
        _rewrite(client, "naive-standings", f"copy-{i % 20}", 900)
    meter.running = False
    return meter.usd() / EVENTS * 1_000_000


def _rewrite(client: Any, table: str, key: str, size: int) -> None:
    client.get_item(TableName=table, Key={"pk": {"S": key}}, ConsistentRead=True)
    client.put_item(TableName=table, Item={"pk": {"S": key}, "state": {"S": "x" * size}})


def _tell(bus: Any, detail_type: str, number: int) -> None:
    detail = json.dumps({"number": number, "state": "x" * 900})
    bus.put_events(Entries=[{"Source": "naive", "DetailType": detail_type, "Detail": detail}])


def _hop(meter: Meter) -> None:
    """A message sent, received and deleted on its own, and an invocation that waits for its four calls."""
    meter.add("sqs.request", 3 * chunks(1000))
    meter.add("lambda.request", 1)
    meter.add("lambda.gb_second_waiting", _HOP_SECONDS * _HOP_GB)
