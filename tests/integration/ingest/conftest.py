"""Ingest's handlers on AWS as moto plays it, with the queue, the stream and the bus between them."""

from __future__ import annotations

import base64
import gzip
import io
import json
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from botocore.client import BaseClient
from moto import mock_aws

from services.ingest.adapters.dynamo_sources import DynamoSources
from services.ingest.domain.sources import Key, Source, SourceDocument, hash_key
from services.ingest.handlers import compact
from services.ingest.ports import Registration
from services.shared.aws.clients import client
from services.shared.aws.dynamo import Table
from tests.support.cold_start import begin_anew
from tests.support.moto_store import drained, waiting

REGION = "us-east-1"
ENV = {
    "STAGE": "test",
    "SOURCES_TABLE": "Sources",
    "RATES_TABLE": "SourceRates",
    "SINKS_TABLE": "Sinks",
    "ATTRIBUTES_TABLE": "Attributes",
    "IDENTITIES_TABLE": "Identities",
    "PROFILES_TABLE": "Profiles",
    "PROFILE_PARTS_TABLE": "ProfileParts",
    "LAKE_BUCKET": "halte-lake",
    "BUS_NAME": "halte",
    "IMPORTS_TABLE": "Imports",
    "ERASURES_TABLE": "Erasures",
    "FIRMS_TABLE": "Firms",
    "ERASURES_QUEUE_URL": "set-with-the-queue",
    "ADDRESS_SECRET_ARN": "set-with-the-secret",
    "PERSON_FUNCTIONS": "{}",
    "COMPACT_FUNCTION": "compact",
    "MEMORY_MB": "500",
}
WRITE_KEY = "WRITEKEY"
SECRET_KEY = "SECRET"
NOW = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)


_BY_BEGINNING = {
    "IndexName": "by-beginning",
    "KeySchema": [
        {"AttributeName": "beginning", "KeyType": "HASH"},
        {"AttributeName": "folded", "KeyType": "RANGE"},
    ],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}


class World:
    """What a test does to ingest and sees of it."""

    def __init__(self, queue_url: str, told_url: str, stream: str) -> None:
        self.queue_url, self._told_url = queue_url, told_url
        self._stream = stream
        self.read_to = ""
        self.merges: list[dict[str, Any]] = []

    def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        from services.ingest.handlers import api

        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        auth = "Basic " + base64.b64encode(f"{WRITE_KEY}:".encode()).decode()
        return _call(api, "POST", path, raw, {"authorization": auth} if headers is None else headers)

    def sources(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        from services.ingest.handlers import sources

        return _call(sources, method, path, json.dumps(body).encode() if body is not None else b"", {})

    def attributes(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        from services.ingest.handlers import attributes

        return _call(attributes, method, path, json.dumps(body).encode() if body is not None else b"", {})

    def admin(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        from services.ingest.handlers import erasures, profiles

        module = profiles if method == "GET" and path.startswith("/profiles") else erasures
        return _call(module, method, path, json.dumps(body).encode() if body is not None else b"", {})

    def review(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        from services.ingest.handlers import identities

        return _call(identities, method, path, json.dumps(body).encode() if body is not None else b"", {})

    def enqueue(self, body: str) -> None:
        client("sqs").send_message(QueueUrl=self.queue_url, MessageBody=body)

    def take(self) -> list[dict[str, Any]]:
        """SQS records as Lambda gets them; the messages are gone from the queue."""
        records: list[dict[str, Any]] = []
        while waiting(self.queue_url):
            for message in self._receive()["Messages"]:
                records.append(lambda_record(message))
                client("sqs").delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return records

    def _receive(self, **how: Any) -> Any:
        asked = {"QueueUrl": self.queue_url, "MaxNumberOfMessages": 10, "AttributeNames": ["All"]}
        return client("sqs").receive_message(**asked, **how)

    def work_off(self) -> set[str]:
        """What Lambda does with what is visible in the queue (a second long): only what is done is removed; the ids
        that failed."""
        messages = self._receive(WaitTimeSeconds=1, VisibilityTimeout=360).get("Messages", [])
        failed = self.consume([lambda_record(message) for message in messages]) if messages else set()
        for message in messages:
            if message["MessageId"] not in failed:
                handle = message["ReceiptHandle"]
                client("sqs").delete_message(QueueUrl=self.queue_url, ReceiptHandle=handle)
        return failed

    def consume(self, records: list[dict[str, Any]] | None = None) -> set[str]:
        """Hand records (default: all that is queued) to the consumer; the ids that failed."""
        from services.ingest.handlers import on_events

        answer = on_events.handler({"Records": self.take() if records is None else records}, None)
        return {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}

    def stream_records(self) -> list[dict[str, Any]]:
        """What the profiles table's stream holds since the last time."""
        streams = client("dynamodbstreams")
        shard = streams.describe_stream(StreamArn=self._stream)["StreamDescription"]["Shards"][0]["ShardId"]
        start = {"ShardIteratorType": "TRIM_HORIZON"}
        if self.read_to:
            start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self.read_to}
        iterator = streams.get_shard_iterator(StreamArn=self._stream, ShardId=shard, **start)["ShardIterator"]
        records: list[dict[str, Any]] = streams.get_records(ShardIterator=iterator)["Records"]
        for record in records:  # as Lambda hands it over
            at = record["dynamodb"]["ApproximateCreationDateTime"]
            record["dynamodb"]["ApproximateCreationDateTime"] = at.timestamp()
        if records:
            self.read_to = records[-1]["dynamodb"]["SequenceNumber"]
        return records

    def publish(self, times: int = 1) -> list[dict[str, Any]]:
        """Hand the stream to the publisher; the bus events that a consumer then gets. Merges go to `self.merges`."""
        from services.ingest.handlers import on_profiles_stream

        records = self.stream_records()
        for _ in range(times):
            on_profiles_stream.handler({"Records": records}, None)
        events = []
        for told in self.told():
            (self.merges if told["detail-type"] == "ProfilesMerged.v1" else events).append(told)
        return events

    def told(self) -> Iterator[dict[str, Any]]:
        """What a consumer of the bus gets."""
        for body in drained(self._told_url):
            yield json.loads(body)

    def lake(self) -> list[dict[str, Any]]:
        """Every line of the lake."""
        objects = (
            client("s3").list_objects_v2(Bucket=ENV["LAKE_BUCKET"], Prefix="events/").get("Contents", [])
        )
        lines = []
        for one in objects:
            body = client("s3").get_object(Bucket=ENV["LAKE_BUCKET"], Key=one["Key"])["Body"].read()
            lines += [json.loads(line) for line in gzip.decompress(body).decode().splitlines()]
        return lines

    def profiles(self) -> list[dict[str, Any]]:
        """Every profile as the API shows it, without redirects."""
        items = client("dynamodb").scan(TableName="Profiles")["Items"]
        ids = [item["profile_id"]["S"] for item in items if "merged_into" not in item]
        return [self.admin("GET", f"/profiles/{profile_id}")[1] for profile_id in ids]

    def item_bytes(self, profile_id: str, *, without: str) -> int:
        """Rough size of a profile's item as DynamoDB counts it."""
        item = client("dynamodb").get_item(TableName="Profiles", Key={"profile_id": {"S": profile_id}})[
            "Item"
        ]
        return sum(len(k) + _size(v) for k, v in item.items() if k != without)


def lambda_record(message: Mapping[str, Any]) -> dict[str, Any]:
    """A received message as Lambda hands it over."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {"ApproximateReceiveCount": message["Attributes"]["ApproximateReceiveCount"]},
    }


def _size(value: Any) -> int:
    ((kind, inner),) = value.items()
    if kind == "L":
        return sum(_size(one) + 1 for one in inner) + 3
    if kind == "M":
        return sum(len(k) + _size(one) + 1 for k, one in inner.items()) + 3
    return len(inner.encode()) if isinstance(inner, str) else len(inner)


def request(method: str, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    """What API Gateway hands to a function."""
    path, _, query = path.partition("?")
    parameters = {"identifier": path.split("/")[2]} if path.count("/") > 1 else {}
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": query,
        "queryStringParameters": dict(parse_qsl(query)),
        "headers": headers,
        "pathParameters": parameters,
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def _call(
    module: Any, method: str, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, dict[str, Any]]:
    answer = module.handler(request(method, path, body, headers), None)
    return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    _one_call_at_a_time(monkeypatch)
    with mock_aws():
        begin_anew()
        queue = client("sqs").create_queue(QueueName="intake")["QueueUrl"]
        monkeypatch.setenv("QUEUE_URL", queue)
        monkeypatch.setenv("ERASURES_QUEUE_URL", client("sqs").create_queue(QueueName="erasures")["QueueUrl"])
        monkeypatch.setenv("EXPORTS_QUEUE_URL", client("sqs").create_queue(QueueName="exports")["QueueUrl"])
        secret = client("secretsmanager").create_secret(Name="addresses", SecretString="key-of-addresses")
        monkeypatch.setenv("ADDRESS_SECRET_ARN", secret["ARN"])
        yield World(queue, _listener(), _tables())
        begin_anew()


def _one_call_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto undoes a refused transaction by putting back all tables as they were before it: that must not undo what
    another thread wrote meanwhile. Between calls threads still overtake each other. The function `compact` answers
    by itself."""
    call, lock = BaseClient._make_api_call, threading.RLock()

    def in_turn(self: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "Invoke" and arguments["FunctionName"] == ENV["COMPACT_FUNCTION"]:
            answer = compact.handler(json.loads(arguments["Payload"]), None)
            return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}
        with lock:
            return call(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", in_turn)


def _tables() -> str:
    streams = {}
    for name, keys, stream in (
        ("Sources", ["pk"], False),
        ("SourceRates", ["source_id"], False),
        ("Sinks", ["pk"], False),
        ("Identities", ["pk"], False),
        ("Attributes", ["pk"], False),
        ("Imports", ["job_id"], False),
        ("Erasures", ["pk"], False),
        ("Profiles", ["profile_id"], True),
        ("ProfileParts", ["profile_id", "part"], False),
        ("Firms", ["pk", "entry"], True),
    ):
        made = client("dynamodb").create_table(
            TableName=name,
            KeySchema=[
                {"AttributeName": key, "KeyType": kind}
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[
                {"AttributeName": key, "AttributeType": "S"}
                for key in (*keys, *(("beginning", "folded") if name == "Identities" else ()))
            ],
            **({"GlobalSecondaryIndexes": [_BY_BEGINNING]} if name == "Identities" else {}),
            BillingMode="PAY_PER_REQUEST",
            **(
                {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}
                if stream
                else {}
            ),
        )
        streams[name] = made["TableDescription"].get("LatestStreamArn", "")
    _register("recorded")
    client("s3").create_bucket(Bucket=ENV["LAKE_BUCKET"])
    return str(streams["Profiles"])


def _register(source_id: str) -> None:
    """A source with known keys."""
    keys = (Key(hash_key(WRITE_KEY), "write", NOW), Key(hash_key(SECRET_KEY), "secret", NOW))
    source = Source(source_id, SourceDocument(name=source_id), NOW)
    DynamoSources(Table("Sources")).save(Registration(source, keys, 1), None)


def _listener() -> str:
    """A queue behind a rule for what ingest tells; its URL."""
    url = client("sqs").create_queue(QueueName="listener")["QueueUrl"]
    client("events").create_event_bus(Name=ENV["BUS_NAME"])
    pattern = {"source": ["halte.ingest"], "detail-type": ["ProfilesChanged.v1", "ProfilesMerged.v1"]}
    client("events").put_rule(Name="listen", EventBusName="halte", EventPattern=json.dumps(pattern))
    arn = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    client("events").put_targets(Rule="listen", EventBusName="halte", Targets=[{"Id": "1", "Arn": arn}])
    return str(url)
