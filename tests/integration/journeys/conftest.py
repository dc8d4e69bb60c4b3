"""One world a test."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from tests.integration.journeys.desk import Desk
from tests.integration.journeys.world import ENVIRONMENT, World
from tests.support.cold_start import begin_anew


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        begin_anew()
        yield World()
        begin_anew()


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    url = boto3.client("sqs").create_queue(QueueName="chores")["QueueUrl"]
    monkeypatch.setenv("CHORES_URL", url)
    return Desk(world, url)
