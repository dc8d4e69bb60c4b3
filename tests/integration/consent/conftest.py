"""Consent's handlers on moto: its tables, its secrets, a bus, and a stream that the tests pump by hand."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import pytest
from moto import mock_aws

from services.consent.handlers import anchor, api, audit, on_ledger_stream, preferences, public
from services.shared.aws.clients import client
from services.shared.clock import FixedClock
from tests.support.cold_start import begin_anew

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXT = "We may send you our newsletter once a week."
CLOCK = FixedClock(START)
CONTEXT = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1, invoked_function_arn="arn", aws_request_id="r"
)


def clock() -> FixedClock:
    """What CLOCK_FACTORY names in these tests."""
    return CLOCK


class World:
    """Everything around consent."""

    def __init__(self, token_arn: str) -> None:
        self.token_arn = token_arn
        self.clock = CLOCK
        self.published: list[dict[str, Any]] = []
        self._iterators = self._open_stream()

    # Speaking HTTP

    def call(
        self,
        route: str,
        *,
        query: dict[str, str] | None = None,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        ip: str = "203.0.113.9",
        marketer: bool = False,
    ) -> dict[str, Any]:
        method, path = route.split(" ")
        event = {
            "version": "2.0",
            "routeKey": route,
            "rawPath": path,
            "rawQueryString": urlencode(query or {}),
            "queryStringParameters": query,
            "headers": {"x-forwarded-for": "6.6.6.6", "user-agent": "Firefox", **(headers or {})},
            "requestContext": {
                "http": {"method": method, "path": path, "sourceIp": ip, "userAgent": "Firefox"},
                "stage": "$default",
            },
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }
        page = preferences if path.startswith("/preferences") else public
        checks = path.startswith("/ledger/") and not re.fullmatch(r"/ledger/shards/[^/]+", path)
        return ((audit if checks else api) if marketer else page).handler(event, CONTEXT)

    def json(
        self, route: str, body: dict[str, Any] | None = None, query: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        answer = self.call(route, query=query, body=json.dumps(body or {}).encode(), marketer=True)
        return answer["statusCode"], json.loads(answer["body"])

    def anchor(self) -> None:
        """The hour is full."""
        anchor.handler({}, CONTEXT)

    def form(self, route: str, fields: dict[str, str], query: dict[str, str] | None = None) -> dict[str, Any]:
        return self.call(
            route,
            query=query,
            body=urlencode(fields).encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
        )

    # Speaking consent

    def define(self, name: str = "newsletter", channels: tuple[str, ...] = ("email", "sms")) -> None:
        texts = [{"version": "2026-1", "language": "en", "text": TEXT}]
        status, _ = self.json(
            f"PUT /purposes/{name}", {"title": "Newsletter", "channels": channels, "texts": texts}
        )
        assert status == 200

    def ask(
        self, address: str = "ann@example.com", ip: str = "203.0.113.9", **changed: str
    ) -> dict[str, Any]:
        body = {
            "purpose": "newsletter",
            "channel": "email",
            "address": address,
            "text_version": "2026-1",
            "language": "en",
            "form": "footer@3",
            **changed,
        }
        return self.call(
            "POST /consents/requests",
            body=json.dumps(body).encode(),
            headers={"content-type": "application/json", "accept-language": "nl"},
            ip=ip,
        )

    def mail(self) -> dict[str, Any]:
        """The newest message consent asked for."""
        self.pump()
        return [m for f in self.published if "requests" in f for m in f["requests"]][-1]

    def mailed_token(self) -> str:
        return parse_qs(urlsplit(self.mail()["params"]["confirm_url"]).query)["token"][0]

    def nonce_on(self, page: dict[str, Any]) -> str:
        return str(page["body"].split('name="nonce" value="')[1].split('"')[0])

    def confirm(self, token: str) -> dict[str, Any]:
        page = self.call("GET /consents/confirm", query={"token": token})
        return self.form("POST /consents/confirm", {"token": token, "nonce": self.nonce_on(page)})

    def granted(self, address: str = "ann@example.com") -> str:
        """Let `address` opt in; its key."""
        self.ask(address)
        assert self.confirm(self.mailed_token())["statusCode"] == 200
        return self.key(address)

    def key(self, address: str = "ann@example.com", channel: str = "email") -> str:
        return str(self.look(address, channel)["address_key"])

    def look(self, address: str = "ann@example.com", channel: str = "email") -> Any:
        status, body = self.json("POST /consents/lookups", {"channel": channel, "address": address})
        assert status == 200
        return body

    # The stream

    def pump(self) -> list[dict[str, Any]]:
        """Hand new stream records to the publisher; the facts it put on the bus."""
        streams = client("dynamodbstreams")
        records: list[dict[str, Any]] = []
        for index, iterator in enumerate(self._iterators):
            answer = streams.get_records(ShardIterator=iterator)
            records += answer["Records"]
            self._iterators[index] = answer["NextShardIterator"]
        if not records:
            return []
        before = len(self.published)
        on_ledger_stream.handler({"Records": records}, CONTEXT)
        return self.published[before:]

    def _open_stream(self) -> list[str]:
        arn = client("dynamodb").describe_table(TableName="ledger")["Table"]["LatestStreamArn"]
        streams = client("dynamodbstreams")
        shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        return [
            streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            for shard in shards
        ]

    def items(self, table: str) -> list[dict[str, Any]]:
        return list(boto3.resource("dynamodb").Table(table).scan()["Items"])


def make_table(name: str, *keys: str, stream: bool = False) -> None:
    client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": k, "KeyType": t} for k, t in zip(keys, ("HASH", "RANGE"), strict=False)],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
        **(
            {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}
            if stream
            else {}
        ),
    )


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    CLOCK._now = START
    with mock_aws():
        for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
            monkeypatch.setenv(name, "us-east-1")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "fake")
        begin_anew()
        make_table("purposes", "name")
        make_table("ledger", "pk", "sk", stream=True)
        make_table("evidence", "pk")
        make_table("anchors", "pk", "sk")
        client("s3").create_bucket(Bucket="anchor-bucket", ObjectLockEnabledForBucket=True)
        key = client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
        make_table("reminders", "day", "request")
        vault = client("secretsmanager")
        address_arn = vault.create_secret(Name="address", SecretString="address-secret")["ARN"]
        token_arn = vault.create_secret(Name="token", SecretString="token-secret")["ARN"]
        settings = {
            "STAGE": "test",
            "CLOCK_FACTORY": f"{__name__}:clock",
            "PURPOSES_TABLE": "purposes",
            "LEDGER_TABLE": "ledger",
            "EVIDENCE_TABLE": "evidence",
            "ANCHORS_TABLE": "anchors",
            "ANCHOR_BUCKET": "anchor-bucket",
            "ANCHOR_KEY_ARN": key["Arn"],
            "ADDRESS_SECRET_ARN": address_arn,
            "TOKEN_SECRET_ARN": token_arn,
            "REQUESTS_PER_IP": "20",
            "REQUESTS_PER_DAY": "40",
            "REMINDERS_TABLE": "reminders",
            "SMS_OPT_OUT_LIST": "Default",
            "PUBLIC_URL": "https://api.example.com",
            "BUS_NAME": "halte",
            "CONTROLLER": "Example Energy",
            "CONTROLLER_ADDRESS": "1 High Street, Utrecht",
            "CONTROLLER_CONTACT": "privacy@example.com",
            "JURISDICTION": "NL",
            "STORAGE_LOCATION": "eu-central-1",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        client("events").create_event_bus(Name="halte")
        made = World(token_arn)
        put = client("events").put_events

        def record(Entries: list[dict[str, Any]]) -> Any:
            made.published += [json.loads(entry["Detail"]) for entry in Entries]
            return put(Entries=Entries)

        monkeypatch.setattr(client("events"), "put_events", record)
        made.define()
        yield made
        begin_anew()
