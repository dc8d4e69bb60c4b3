"""One world a test."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from services.journeys import bootstrap, bootstrap_campaigns
from services.journeys import bootstrap_operating as operating
from services.shared.aws.clients import client
from tests.integration.journeys.desk import Desk
from tests.integration.journeys.world import ENVIRONMENT, World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        _forget()
        yield World()
        _forget()


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    url = boto3.client("sqs").create_queue(QueueName="chores")["QueueUrl"]
    monkeypatch.setenv("CHORES_URL", url)
    return Desk(world, url)


def _forget() -> None:
    client.cache_clear()
    for prepared in (
        operating.tending,
        operating.sweeping,
        operating.observing,
        operating.operating,
        operating.drafting,
    ):
        prepared.cache_clear()
    for made in (
        bootstrap.reacting,
        bootstrap.stepping,
        bootstrap.announcing,
        bootstrap.publishing,
        bootstrap.walks,
        bootstrap.person,
        bootstrap.failing,
        bootstrap.propositions,
        bootstrap_campaigns.fan_out,
        bootstrap_campaigns.occasions,
        bootstrap_campaigns.settling,
        bootstrap_campaigns.portfolio,
        bootstrap_campaigns.campaigning,
        bootstrap_campaigns.plans,
        bootstrap_campaigns.calling,
    ):
        made.cache_clear()
