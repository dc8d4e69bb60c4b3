"""Delivery's real handlers on an in-process AWS, with tables as the stack makes them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from moto import mock_aws

from services.delivery.bootstrap import sending
from services.delivery.domain.pressure.pace import Quota
from services.shared.aws import clients
from tests.integration.delivery import steps
from tests.integration.delivery.world import CLOCK, NOW, SECRET, World, environment, make_tables
from tests.support.cold_start import begin_anew


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    begin_anew()
    _one_call_at_a_time(monkeypatch)
    with mock_aws():
        make_tables(boto3.client("dynamodb"))
        boto3.client("s3").create_bucket(Bucket="lake")
        boto3.client("sesv2").create_email_identity(EmailIdentity="hello@example.com")
        vault = boto3.client("secretsmanager")
        arn = vault.create_secret(Name="key", SecretString=SECRET)["ARN"]
        queue = boto3.client("sqs").create_queue(QueueName="feedback")["QueueUrl"]
        settings = {**environment(arn), "FEEDBACK_QUEUE_URL": queue, "DELIVERIES_LATE_SECONDS": "0"}
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        CLOCK.advance(NOW - CLOCK.now())
        monkeypatch.setattr(sending, "real_seconds", lambda: CLOCK.now().timestamp())
        monkeypatch.setattr(sending, "rest", lambda seconds: None)
        monkeypatch.setattr(sending, "ses_quota", lambda now: Quota(read_at=now))
        monkeypatch.setattr(sending, "sms_quota", lambda origination, now: Quota(read_at=now))
        published: list[dict[str, Any]] = []

        class Events:
            def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:
                published.extend(Entries)
                return {"FailedEntryCount": 0, "Entries": [{} for _ in Entries]}

        monkeypatch.setattr(
            "services.shared.aws.bus.client",
            lambda name: Events() if name == "events" else clients.client(name),
        )
        yield World(published, monkeypatch)
    begin_anew()


@pytest.fixture
def ready(world: World) -> World:
    steps.given_templates()
    steps.given_contact()
    world.fake_senders()
    return world


def _one_call_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB's conditions are atomic; those of the in-process stand-in are only so without threads."""
    lock, plain = threading.RLock(), BaseClient._make_api_call

    def locked(self: Any, operation: str, parameters: Any) -> Any:
        with lock:
            return plain(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", locked)
