"""What journeys must hear of people, told to scoring out of the definitions table's stream."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import pytest

from services.journeys.adapters.definitions import DynamoDefinitions
from services.journeys.adapters.running import DynamoRunning
from services.journeys.bootstrap import publishing as bootstrap
from services.journeys.domain.document import Document
from services.journeys.domain.listening import watch_of
from services.journeys.domain.operating import walked
from services.journeys.handlers import on_definitions_stream
from services.journeys.ports.definitions import Definition
from services.shared.aws.dynamo import Table
from tests.integration.journeys.world import NOON, Context, World, rows_of
from tests.unit.journeys.documents import brief, journey

CART = {"event": "Product Added", "key": "cart_id", "keep": ["products"]}
GOLD = {"trait": "plan", "eq": "gold"}


@pytest.fixture(autouse=True)
def fresh() -> None:
    bootstrap.listening.cache_clear()


def add(version: int, **changes: Any) -> None:
    """A version in the table, as a publication writes it."""
    raw = journey(brief=brief("email"), **changes)
    document = Document.model_validate(raw)
    definition = Definition(version, document, str(version), f"arn:{version}", NOON, raw)
    assert DynamoDefinitions(Table("definitions")).add(definition)


def stream() -> list[dict[str, Any]]:
    """All records so far of the definitions table's stream."""
    streams = boto3.client("dynamodbstreams", region_name="us-east-1")
    arn = boto3.client("dynamodb", region_name="us-east-1").describe_table(TableName="definitions")
    arn = arn["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return list(streams.get_records(ShardIterator=start["ShardIterator"])["Records"])


def told(world: World, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answer = on_definitions_stream.handler({"Records": records}, Context())
    assert answer == {"batchItemFailures": []}
    return rows_of(world.bus_entries(), "JourneyListens.v1")


def test_a_published_version_tells_what_it_needs(world: World) -> None:
    add(1, entry={"on": [CART, {"becomes": GOLD}], "reentry": "always"})
    (row,) = told(world, stream())
    assert (row["journey"], row["revision"], row["at"]) == ("trial", 1, "1997-01-01T12:00:00.000Z")
    assert row["watches"] == [{"name": watch_of(GOLD), "when": GOLD}]
    (listener,) = row["listeners"]
    assert (listener["event"], listener["key"], listener["keep"]) == (
        "Product Added",
        "cart_id",
        ["products"],
    )


def test_versions_that_people_may_still_walk_are_heard_for_as_well(world: World) -> None:
    """One fact for a batch, as of now: a record that comes late or twice can't undo what is newer."""
    add(1, entry={"on": [CART]})
    first = stream()
    add(2, entry={"on": [{"becomes": GOLD}]})
    (row,) = told(world, first)
    assert row["revision"] == 2
    assert [one["when"] for one in row["watches"]] == [GOLD]
    assert [one["event"] for one in row["listeners"]] == ["Product Added"]
    assert told(world, stream()) == [row]


def test_a_journey_of_segments_alone_needs_nothing_and_says_so(world: World) -> None:
    add(1)
    (row,) = told(world, stream())
    assert (row["watches"], row["listeners"], row["carries"]) == ([], [], [])


def test_other_items_of_the_table_tell_nothing(world: World) -> None:
    Table("definitions").put({"pk": "~all", "sk": "STATE", "status": "live"})
    assert told(world, stream()) == []


def test_a_retired_version_is_heard_for_no_more_until_it_is_walked_again(world: World) -> None:
    add(1, entry={"on": [CART]})
    add(2, entry={"on": [{"becomes": GOLD}]})
    runnings = DynamoRunning(Table("definitions"))
    runnings.change("trial", lambda one: walked(one, 1, NOON, anybody=False))
    runnings.change("trial", lambda one: walked(one, 1, NOON + timedelta(hours=1), anybody=False))
    (row,) = told(world, stream())
    assert (row["revision"], row["listeners"]) == (3, [])
    runnings.change("trial", lambda one: walked(one, 1, NOON + timedelta(days=1), anybody=True))
    (row,) = told(world, stream())
    assert (row["revision"], len(row["listeners"])) == (4, 1)
