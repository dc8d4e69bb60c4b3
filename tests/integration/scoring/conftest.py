"""Scoring's tables and bus on moto, and its handlers as Lambda would call them."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import boto3
import moto
import pytest

from services.scoring.adapters.ingest_histories import IngestHistories
from services.scoring.domain.recalling import History
from services.shared.clock import FixedClock
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import Merge, ProfileChange, ProfilesChanged, ProfilesMerged
from services.shared.settings import Settings
from tests.support.cold_start import begin_anew
from tests.unit.scoring.builders import DEMO_MODELS, DEMO_SEGMENTS, on

CONTEXT = SimpleNamespace(
    function_name="scoring",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:scoring",
    aws_request_id="request",
    get_remaining_time_in_millis=lambda: 55_000,
)

ADDRESS_SECRET = "a secret of tests"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FixedClock:
    clock = FixedClock(on("1997-01-01"))
    monkeypatch.setattr(Settings, "clock", lambda self: clock)
    return clock


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, clock: FixedClock) -> Iterator[None]:
    monkeypatch.setenv("STAGE", "test")
    monkeypatch.setenv("STANDINGS_TABLE", "standings")
    monkeypatch.setenv("DEFINITIONS_TABLE", "definitions")
    monkeypatch.setenv("PLACES_TABLE", "places")
    monkeypatch.setenv("CONSENTS_TABLE", "consents")
    monkeypatch.setenv("MENTIONS_TABLE", "mentions")
    monkeypatch.setenv("LOYALTY_TABLE", "loyalty")
    monkeypatch.setenv("HISTORY_FUNCTION", "history")
    monkeypatch.setenv("BUS_NAME", "bus")
    begin_anew()
    with moto.mock_aws():
        create_tables()
        secret = boto3.client("secretsmanager").create_secret(Name="addresses", SecretString=ADDRESS_SECRET)
        monkeypatch.setenv("ADDRESS_SECRET_ARN", secret["ARN"])
        boto3.client("events").create_event_bus(Name="bus")
        yield
    begin_anew()


def create_tables() -> None:
    dynamodb = boto3.client("dynamodb")
    for name in ("standings", "loyalty"):
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("profile_id", "due_shard", "due_at")
            ],
            KeySchema=[{"AttributeName": "profile_id", "KeyType": "HASH"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "due",
                    "KeySchema": [
                        {"AttributeName": "due_shard", "KeyType": "HASH"},
                        {"AttributeName": "due_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
    dynamodb.create_table(
        TableName="definitions",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("kind", "name")],
        KeySchema=[
            {"AttributeName": "kind", "KeyType": "HASH"},
            {"AttributeName": "name", "KeyType": "RANGE"},
        ],
    )

    dynamodb.create_table(
        TableName="places",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("list", "entry")],
        KeySchema=[
            {"AttributeName": "list", "KeyType": "HASH"},
            {"AttributeName": "entry", "KeyType": "RANGE"},
        ],
    )
    for name, key in (("consents", "address_key"), ("mentions", "owner")):
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in (key, "entry")],
            KeySchema=[
                {"AttributeName": key, "KeyType": "HASH"},
                {"AttributeName": "entry", "KeyType": "RANGE"},
            ],
        )


def call(method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """One HTTP request to the API handler: status and parsed body."""
    response = request(method, path, body, **headers)
    return response["statusCode"], json.loads(response["body"])


def request(
    method: str, path: str, body: Any = None, *, module: str = "api", **headers: str
) -> dict[str, Any]:
    """The whole answer to one HTTP request, by a module of the handlers."""
    handler = importlib.import_module(f"services.scoring.handlers.{module}").handler

    path, _, query = path.partition("?")
    answered: dict[str, Any] = handler(
        {
            "version": "2.0",
            "routeKey": f"{method} {path}",
            "rawPath": path,
            "rawQueryString": query,
            "queryStringParameters": dict(parse_qsl(query)),
            "headers": {
                "content-type": "application/json",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
            "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
            "body": body if isinstance(body, str) or body is None else json.dumps(body),
            "isBase64Encoded": False,
        },
        CONTEXT,
    )
    return answered


@pytest.fixture(autouse=True)
def no_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ingest has nothing to tell of anybody, unless a test says otherwise."""
    monkeypatch.setattr(
        IngestHistories, "of", lambda self, profile_ids: {p: History([], {}) for p in profile_ids}
    )


@pytest.fixture
def demo() -> None:
    """The demo's definitions, put by the API."""
    for name, rules in DEMO_MODELS.items():
        assert call("PUT", f"/score-models/{name}", {"rules": rules})[0] == 200
    for name, condition in DEMO_SEGMENTS.items():
        assert call("PUT", f"/segments/{name}", {"condition": condition})[0] == 200


def message(message_id: str, *changes: ProfileChange) -> dict[str, Any]:
    """An SQS record as the bus fills it."""
    return record_of(message_id, ProfilesChanged(changes=list(changes)))


def merged(message_id: str, *merges: Merge) -> dict[str, Any]:
    """An SQS record that tells of merges."""
    return record_of(message_id, ProfilesMerged(merges=list(merges)))


def record_of(message_id: str, fact: Fact) -> dict[str, Any]:
    """An SQS record with a fact of the bus."""
    body = {
        "id": f"event-{message_id}",
        "source": fact.source,
        "detail-type": fact.detail_type,
        "detail": fact.model_dump(mode="json"),
    }
    return {"messageId": message_id, "body": json.dumps(body)}


def deliver(*records: dict[str, Any]) -> list[str]:
    """A batch for the reactor; the ids of messages it wants again."""
    from services.scoring.handlers.on_profiles_changed import handler

    answer = handler({"Records": list(records)}, CONTEXT)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def ask(question: str, *profile_ids: str, at: str = "1998-06-30") -> dict[str, Any]:
    """What the person function answers."""
    from services.scoring.handlers.person import handler

    return handler({"ask": question, "profile_ids": list(profile_ids), "at": on(at).isoformat()}, CONTEXT)


def sweep() -> dict[str, Any]:
    """One run of the scheduled sweep."""
    from services.scoring.handlers.sweep import handler

    return handler({}, CONTEXT)


Stream = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def stream() -> Stream:
    """Stream records since the last call, as Lambda gets them."""
    seen = [0]

    def records() -> list[dict[str, Any]]:
        streams = boto3.client("dynamodbstreams")
        arn = boto3.client("dynamodb").describe_table(TableName="standings")["Table"]["LatestStreamArn"]
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
            "ShardIterator"
        ]
        everything = streams.get_records(ShardIterator=iterator)["Records"]
        fresh, seen[0] = everything[seen[0] :], len(everything)
        return fresh

    return records


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What reaches the bus: detail-type and detail."""
    from botocore.client import BaseClient

    facts: list[tuple[str, dict[str, Any]]] = []
    original = BaseClient._make_api_call

    def spy(self: Any, operation: str, request: dict[str, Any]) -> Any:
        if operation == "PutEvents":
            facts.extend((e["DetailType"], json.loads(e["Detail"])) for e in request["Entries"])
        return original(self, operation, request)

    monkeypatch.setattr(BaseClient, "_make_api_call", spy)
    return facts


def publish(records: list[dict[str, Any]]) -> None:
    """Hand stream records to the publisher."""
    from services.scoring.handlers.on_standings_stream import handler

    assert handler({"Records": records}, CONTEXT) == {"batchItemFailures": []}


def moment(clock: FixedClock, at: str) -> datetime:
    """Set the clock."""
    clock.advance(on(at) - clock.now())
    return clock.now()
