"""The authorizer against a real secret (moto), before and after a rotation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from services.access.handlers import authorizer
from services.shared.aws import secrets
from services.shared.aws.clients import client


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with mock_aws():
        client.cache_clear()
        secrets._kept.clear()
        authorizer.settings.cache_clear()
        manager = boto3.client("secretsmanager", region_name="us-east-1")
        arn = manager.create_secret(Name="key", SecretString="first")["ARN"]
        monkeypatch.setenv("STAGE", "test")
        monkeypatch.setenv("ADMIN_KEY_SECRET_ARN", arn)

        def rotate(text: str) -> None:
            manager.put_secret_value(SecretId=arn, SecretString=text)
            secrets._kept.clear()
            authorizer._never_rotated_until.clear()

        yield rotate
    client.cache_clear()


def ask(header: str | None) -> bool:
    headers = {} if header is None else {"authorization": header}
    answer = authorizer.handler({"headers": headers, "routeKey": "GET /segments"}, None)
    return bool(answer["isAuthorized"])


def test_the_key_opens_and_nothing_else_does(secret: Any) -> None:
    assert ask("Bearer first")
    assert not ask("Bearer wrong")
    assert not ask("Bearer ")
    assert not ask(None)


def test_a_rotated_key_overlaps_by_one_generation(secret: Any) -> None:
    secret("second")
    assert ask("Bearer second")
    assert ask("Bearer first")
    secret("third")
    assert not ask("Bearer first")
