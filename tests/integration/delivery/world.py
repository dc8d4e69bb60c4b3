"""What delivery runs in when it is tested: its tables, clock and providers, and what comes in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from services.delivery.bootstrap.records import serving
from services.delivery.bootstrap.sending import sending, sweeping
from services.delivery.domain.protocol import Answer, Sent
from services.delivery.ports.messages import Outgoing
from services.shared.addresses import address_key
from services.shared.clock import FixedClock, to_iso
from services.shared.contracts.base import Fact

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


CLOCK = FixedClock(NOW)


SECRET = "a-key-for-tests"


COMMERCIAL = {
    "class": "commercial",
    "purpose": "newsletter",
    "channels": {
        "email": {
            "subject": "News for {{ first_name | default: 'you' }}",
            "text": "Hello {{ first_name | default: 'there' }}. {{ unsubscribe_url }}",
            "html": "<p>Hello {{ first_name | default: 'there' }}</p><a href='{{ unsubscribe_url }}'>stop</a>",
        },
        "sms": {"text": "Hello {{ first_name }}"},
    },
}


SERVICE = {
    "class": "service",
    "channels": {"email": {"subject": "Confirm", "text": "Open {{ confirm_url | default: 'nothing' }}"}},
}


_TABLES: dict[str, tuple[str, str | None]] = {
    "messages": ("send_id", None),
    "gates": ("pk", "sk"),
    "templates": ("name", "part"),
    "products": ("pk", "sk"),
    "reports": ("pk", "sk"),
    "pressure": ("pk", "sk"),
    "work": ("pk", "sk"),
}


_INDEXES = {
    "messages": {"open": ("open_partition", "claimed_at"), "by_profile": ("profile_id", "requested_at")},
    "work": {"open": ("open_partition", "at"), "by_profile": ("profile_id", "at")},
}


def clock() -> FixedClock:
    """The clock that handlers load."""
    return CLOCK


class Context:
    """A Lambda context with `left` milliseconds."""

    def __init__(self, left: int = 100_000) -> None:
        self.left = left

    def get_remaining_time_in_millis(self) -> int:
        return self.left


class FakeSender:
    """A provider that keeps what it accepts and answers as scripted; `before` runs inside the attempt."""

    def __init__(self) -> None:
        self.accepted: list[Outgoing] = []
        self.answers: list[Answer | Exception] = []

    def send(self, outgoing: Outgoing) -> Answer:
        answer = self.answers.pop(0) if self.answers else Sent(f"provider-{outgoing.send_id}")
        if isinstance(answer, Exception):
            self.accepted.append(outgoing)
            raise answer
        if isinstance(answer, Sent):
            self.accepted.append(outgoing)
        return answer


def sqs(*facts: Fact) -> dict[str, Any]:
    """An SQS event, one record a fact."""
    bodies = [
        {
            "id": f"e{i}",
            "source": fact.source,
            "detail-type": fact.detail_type,
            "detail": json.loads(fact.model_dump_json()),
        }
        for i, fact in enumerate(facts)
    ]
    return {"Records": [{"messageId": f"m{i}", "body": json.dumps(b)} for i, b in enumerate(bodies)]}


def http(
    handler: Callable[[dict[str, Any], Any], dict[str, Any]],
    method: str,
    path: str,
    body: Any = None,
    query: dict[str, str] | None = None,
) -> tuple[int, Any]:
    """The answer of a handler behind the API, read where it is JSON; a text goes as it is, all else as JSON."""
    event = {
        "version": "2.0",
        "rawPath": path,
        "routeKey": f"{method} {path}",
        "headers": {},
        "queryStringParameters": query,
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
        "body": body if isinstance(body, str) else json.dumps(body),
    }
    answer = handler(event, Context())
    is_json = answer["headers"]["Content-Type"] == "application/json"
    return answer["statusCode"], json.loads(answer["body"]) if is_json else answer["body"]


def notification(report: dict[str, Any]) -> dict[str, Any]:
    """A provider's report as the feedback queue carries it."""
    body = {"Type": "Notification", "Message": json.dumps(report)}
    return {"Records": [{"messageId": "f1", "body": json.dumps(body)}]}


def ses_event(kind: str, send_id: str, minutes: int = 1, **details: Any) -> dict[str, Any]:
    """A report of SES event publishing."""
    part = {"DeliveryDelay": "deliveryDelay", "Rendering Failure": "failure"}.get(kind, kind.lower())
    return {
        "eventType": kind,
        "mail": {"timestamp": to_iso(NOW), "messageId": "ses-1", "tags": {"send_id": [send_id]}},
        part: {"timestamp": to_iso(NOW + timedelta(minutes=minutes)), **details},
    }


def key_of(address: str, channel: str = "email") -> str:
    """The address key under the tests' secret."""
    return address_key(SECRET, channel, address)


def make_tables(dynamodb: Any) -> None:
    """As the stack makes them."""
    for name, (partition, sort) in _TABLES.items():
        keys = [(partition, "HASH"), *([(sort, "RANGE")] if sort else [])]
        indexes = _INDEXES.get(name, {})
        used = {k for k, _ in keys} | {k for pair in indexes.values() for k in pair}
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": k, "KeyType": t} for k, t in keys],
            AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in sorted(used)],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            **(
                {
                    "GlobalSecondaryIndexes": [
                        {
                            "IndexName": index,
                            "KeySchema": [
                                {"AttributeName": p, "KeyType": "HASH"},
                                {"AttributeName": s, "KeyType": "RANGE"},
                            ],
                            "Projection": {"ProjectionType": "ALL"},
                        }
                        for index, (p, s) in indexes.items()
                    ]
                }
                if indexes
                else {}
            ),
        )


class World:
    """What a test sees of delivery's surroundings."""

    def __init__(self, bus: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
        self.email = FakeSender()
        self.sms = FakeSender()
        self.published = bus
        self._monkeypatch = monkeypatch
        self._positions: dict[str, int] = {}

    def fake_senders(self) -> None:
        """Put the fakes in the place of providers."""
        for service in (sending(), sweeping()._sending):
            fakes = {"email": self.email, "sms": self.sms, "push": FakeSender()}
            self._monkeypatch.setattr(service, "_senders", {**service._senders, **fakes})

    def item(self, send_id: str) -> dict[str, Any]:
        """A message as stored."""
        found = serving().message(send_id)
        return dict(found)

    def raw(self, table: str) -> list[dict[str, Any]]:
        """Every stored item, in DynamoDB's own form."""
        return list(boto3.client("dynamodb").scan(TableName=table)["Items"])

    def stream(self, table: str = "messages") -> dict[str, Any]:
        """What a table's stream holds that was not read yet."""
        streams = boto3.client("dynamodbstreams")
        arn = boto3.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
            "ShardIterator"
        ]
        records = streams.get_records(ShardIterator=start)["Records"]
        seen = self._positions.get(table, 0)
        self._positions[table] = len(records)
        return {"Records": records[seen:]}


def environment(arn: str) -> dict[str, str]:
    """The settings of every function; `arn` is the one secret."""
    return {
        "STAGE": "test",
        "CLOCK_FACTORY": "tests.integration.delivery.world:clock",
        "MESSAGES_TABLE": "messages",
        "GATES_TABLE": "gates",
        "TEMPLATES_TABLE": "templates",
        "PRODUCTS_TABLE": "products",
        "REPORTS_TABLE": "reports",
        "LAKE_BUCKET": "lake",
        "MEMORY_MB": "200",
        "ADDRESS_SECRET_ARN": arn,
        "TOKEN_SECRET_ARN": arn,
        "PUBLIC_URL": "https://api.example.com",
        "FROM_ADDRESS": "hello@example.com",
        "CONFIGURATION_SET": "mail",
        "MARKETING_CONFIGURATION_SET": "marketing",
        "SMS_ORIGINATION": "+12025550100",
        "SMS_CONFIGURATION_SET": "halte-test",
        "PUSH_APPLICATION_ID": "app-1",
        "WORK_TABLE": "work",
        "ORDERS_BUCKET": "lake",
        "CHANNEL_SECRET_ARN": arn,
        "CHANNEL_PLACES": "",
        "DAILY_CAP": "3",
        "BRAKES": "true",
        "PRESSURE_TABLE": "pressure",
        "SWEEP_AFTER_SECONDS": "900",
        "BUS_NAME": "bus",
    }


@contextmanager
def workers_die_before_they_keep_it(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever is asked for meanwhile is claimed and sent, and nothing more is written of it."""

    def dies(op: Any) -> None:
        raise RuntimeError("the worker died")

    with monkeypatch.context() as dying:
        dying.setattr(sending()._messages, "_perform", dies)
        yield
