"""Joins what writes and publishes journeys with AWS."""

from __future__ import annotations

from functools import cache

from services.journeys.adapters.attributes import DynamoAttributes
from services.journeys.adapters.definitions import DynamoDefinitions
from services.journeys.adapters.drafts import DynamoDrafts
from services.journeys.adapters.library_files import shelf
from services.journeys.adapters.machines import StepFunctionsMachines
from services.journeys.adapters.plans import DynamoPortfolios, DynamoPropositions
from services.journeys.adapters.running import DynamoRunning
from services.journeys.ports.definitions import Definitions
from services.journeys.ports.running import Runnings
from services.journeys.service.drafts import Drafting
from services.journeys.service.gate import Gate
from services.journeys.service.library import Library
from services.journeys.service.publish import Publishing
from services.journeys.settings import (
    ApiSettings,
    OnDefinitionsStreamSettings,
    PublishingSettings,
)
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table


@cache
def listening() -> tuple[Definitions, Runnings, Bus]:
    """What `on_definitions_stream` needs."""
    settings = OnDefinitionsStreamSettings.from_env()
    table = Table(settings.definitions_table)
    return DynamoDefinitions(table), DynamoRunning(table), Bus(settings.bus_name)


@cache
def publishing() -> Publishing:
    """What `api` needs for documents."""
    return publishing_with(ApiSettings.from_env())


def publishing_with(settings: PublishingSettings) -> Publishing:
    """What whoever publishes needs."""
    return Publishing(
        definitions=DynamoDefinitions(Table(settings.definitions_table)),
        attributes=DynamoAttributes(Table(settings.definitions_table)),
        machines=StepFunctionsMachines(settings.state_machine_prefix, settings.state_machine_role_arn),
        gate=gate_with(settings),
        clock=settings.clock(),
        step_function_arn=settings.step_function_arn,
    )


def gate_with(settings: PublishingSettings) -> Gate:
    """Where publications pass."""
    plans = Table(settings.plans_table)
    return Gate(DynamoPortfolios(plans), DynamoPropositions(plans), settings.clock())


@cache
def library() -> Library:
    """What `api` needs for ready-made journeys."""
    return Library(shelf())


@cache
def drafting() -> Drafting:
    """What `api` needs for drafts."""
    settings = ApiSettings.from_env()
    return Drafting(DynamoDrafts(Table(settings.definitions_table)), publishing(), settings.clock())
