"""Joins campaigns, the portfolio and its plans with AWS."""

from __future__ import annotations

from functools import cache

from services.journeys.adapters.asking import AskedAudiences, AskedDirectory, AskedMessages
from services.journeys.adapters.definitions import DynamoDefinitions
from services.journeys.adapters.halts import RunningHalts
from services.journeys.adapters.plans import (
    DynamoCalls,
    DynamoCampaigns,
    DynamoPortfolios,
    DynamoPropositions,
    DynamoWorld,
)
from services.journeys.adapters.running import DynamoRunning
from services.journeys.adapters.runs import DynamoRuns
from services.journeys.adapters.sqs_runs import SqsRuns
from services.journeys.bootstrap.publishing import gate_with, publishing_with
from services.journeys.bootstrap.walking import entering_with, stores_of
from services.journeys.ports.planning import Chores
from services.journeys.service.call import Calling
from services.journeys.service.campaigns import Campaigning
from services.journeys.service.fan_out import FanOut
from services.journeys.service.occasions import Occasions
from services.journeys.service.plans import Plans
from services.journeys.service.portfolio import PortfolioDesk
from services.journeys.settings import CampaignsSettings, OccasionsSettings, OnRunsSettings
from services.shared.aws.dynamo import Table

AnySettings = CampaignsSettings | OccasionsSettings


@cache
def fan_out() -> tuple[FanOut, Chores]:
    """What `on_runs` needs."""
    settings = OnRunsSettings.from_env()
    stores = stores_of(settings)
    work = FanOut(
        stores,
        entering_with(settings, stores),
        DynamoRuns(Table(settings.plans_table)),
        AskedAudiences(settings.audience_function),
        RunningHalts(DynamoRunning(Table(settings.definitions_table))),
    )
    return work, SqsRuns(settings.runs_queue_url)


@cache
def occasions() -> Occasions:
    """What `occasions` needs to begin runs."""
    settings = OccasionsSettings.from_env()
    plans = Table(settings.plans_table)
    return Occasions(
        DynamoDefinitions(Table(settings.definitions_table)),
        DynamoCampaigns(plans),
        DynamoWorld(plans),
        DynamoRuns(plans),
        SqsRuns(settings.runs_queue_url),
        RunningHalts(DynamoRunning(Table(settings.definitions_table))),
        AskedMessages(settings.outcomes_function),
        settings.clock(),
    )


@cache
def settling() -> PortfolioDesk:
    """What `occasions` needs to fill places."""
    return _desk(OccasionsSettings.from_env())


@cache
def portfolio() -> PortfolioDesk:
    """For the portfolio's routes."""
    return _desk(CampaignsSettings.from_env())


@cache
def campaigning() -> Campaigning:
    """For the campaigns' routes."""
    return _campaigning(CampaignsSettings.from_env())


@cache
def plans() -> Plans:
    """For the routes of world events and propositions."""
    settings = CampaignsSettings.from_env()
    table = Table(settings.plans_table)
    return Plans(DynamoWorld(table), DynamoPropositions(table), settings.clock())


@cache
def calling() -> Calling:
    """For the route that lets one person in."""
    settings = CampaignsSettings.from_env()
    stores = stores_of(settings)
    return Calling(
        stores,
        entering_with(settings, stores),
        AskedAudiences(settings.audience_function),
        AskedDirectory(settings.who_function),
        DynamoCalls(Table(settings.plans_table)),
        RunningHalts(DynamoRunning(Table(settings.definitions_table))),
    )


def _desk(settings: AnySettings) -> PortfolioDesk:
    plans = Table(settings.plans_table)
    return PortfolioDesk(
        DynamoDefinitions(Table(settings.definitions_table)),
        DynamoPortfolios(plans),
        DynamoCampaigns(plans),
        DynamoRuns(plans),
        AskedAudiences(settings.audience_function),
        RunningHalts(DynamoRunning(Table(settings.definitions_table))),
        publishing_with(settings),
        _campaigning(settings),
        settings.clock(),
    )


def _campaigning(settings: AnySettings) -> Campaigning:
    plans = Table(settings.plans_table)
    return Campaigning(
        DynamoDefinitions(Table(settings.definitions_table)),
        DynamoCampaigns(plans),
        DynamoRuns(plans),
        AskedAudiences(settings.audience_function),
        publishing_with(settings),
        gate_with(settings),
        settings.clock(),
    )
