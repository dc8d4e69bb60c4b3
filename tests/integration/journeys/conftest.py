"""One world a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from services.journeys import bootstrap, bootstrap_campaigns
from services.shared.aws.clients import client
from tests.integration.journeys.world import ENVIRONMENT, World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        _forget()
        yield World()
        _forget()


def _forget() -> None:
    client.cache_clear()
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
