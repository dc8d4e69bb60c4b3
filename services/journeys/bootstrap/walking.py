"""Joins what takes people through journeys with AWS."""

from __future__ import annotations

from functools import cache

from services.journeys.adapters.attributes import DynamoAttributes
from services.journeys.adapters.contests import DynamoContests
from services.journeys.adapters.counters import DynamoCounters
from services.journeys.adapters.definitions import DynamoDefinitions
from services.journeys.adapters.known import DynamoKnown
from services.journeys.adapters.live_cohorts import DynamoLiveCohorts
from services.journeys.adapters.machines import StepFunctionsExecutions
from services.journeys.adapters.plans import DynamoPropositions
from services.journeys.adapters.running import DynamoRunning
from services.journeys.adapters.standings import DynamoStandings
from services.journeys.adapters.walks import DynamoWalks
from services.journeys.ports.definitions import Definitions
from services.journeys.ports.planning import Propositions
from services.journeys.ports.walks import Walks
from services.journeys.service.contest import Contesting
from services.journeys.service.enter import Entering
from services.journeys.service.fail import Failing
from services.journeys.service.halt import Halting
from services.journeys.service.hear import Hearing
from services.journeys.service.join import Joining
from services.journeys.service.merge import Merging
from services.journeys.service.person import Person
from services.journeys.service.react import Reacting
from services.journeys.service.report import Reporting
from services.journeys.service.step import Stepping
from services.journeys.service.stores import Stores
from services.journeys.settings import (
    ApiSettings,
    OnFactsSettings,
    OnFailedExecutionSettings,
    OnRuntimeStreamSettings,
    OnStepSettings,
    PersonSettings,
    WalkingSettings,
)
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table


def stores_of(settings: WalkingSettings) -> Stores:
    """What nearly every use case looks at."""
    runtime = Table(settings.runtime_table)
    return Stores(
        definitions=DynamoDefinitions(Table(settings.definitions_table)),
        walks=DynamoWalks(runtime),
        standings=DynamoStandings(Table(settings.standings_table)),
        known=DynamoKnown(runtime),
        clock=settings.clock(),
    )


def joining_with(settings: WalkingSettings, stores: Stores) -> Joining:
    """How people get into cohorts."""
    runnings = DynamoRunning(Table(settings.definitions_table))
    return Joining(stores.definitions, stores.walks, StepFunctionsExecutions(), runnings, stores.clock)


def entering_with(settings: WalkingSettings, stores: Stores) -> Entering:
    """How people come into journeys."""
    joining = joining_with(settings, stores)
    return Entering(stores, joining, Hearing(stores, joining))


@cache
def reacting() -> Reacting:
    """What `on_facts` needs."""
    settings = OnFactsSettings.from_env()
    stores = stores_of(settings)
    joining = joining_with(settings, stores)
    hearing = Hearing(stores, joining)
    return Reacting(
        stores,
        Entering(stores, joining, hearing),
        Merging(stores, joining),
        hearing,
        DynamoAttributes(Table(settings.definitions_table)),
    )


@cache
def stepping() -> Stepping:
    """What `on_step` needs."""
    settings = OnStepSettings.from_env()
    stores = stores_of(settings)
    clock = stores.clock
    runnings = DynamoRunning(Table(settings.definitions_table))
    live = DynamoLiveCohorts(Table(settings.runtime_table))
    return Stepping(
        stores,
        joining_with(settings, stores),
        Halting(runnings, live, stores.walks, StepFunctionsExecutions(), clock),
        Contesting(stores.definitions, DynamoContests(Table(settings.plans_table), clock), clock),
    )


@cache
def failing() -> Failing:
    """What `on_failed_execution` needs."""
    settings = OnFailedExecutionSettings.from_env()
    return Failing(DynamoWalks(Table(settings.runtime_table)), settings.clock())


@cache
def counting() -> Contesting:
    """What `on_runtime_stream` needs for splits that learn."""
    settings, (definitions, _) = OnRuntimeStreamSettings.from_env(), announcing()
    clock = settings.clock()
    return Contesting(definitions, DynamoContests(Table(settings.plans_table), clock), clock)


@cache
def reporting() -> Reporting:
    """What `on_runtime_stream` needs for what came of journeys."""
    settings, (definitions, _) = OnRuntimeStreamSettings.from_env(), announcing()
    return Reporting(definitions, DynamoCounters(Table(settings.plans_table), settings.clock()))


@cache
def announcing() -> tuple[Definitions, Bus]:
    """What `on_runtime_stream` needs."""
    settings = OnRuntimeStreamSettings.from_env()
    return DynamoDefinitions(Table(settings.definitions_table)), Bus(settings.bus_name)


@cache
def propositions() -> Propositions:
    """What `on_runtime_stream` needs of propositions."""
    return DynamoPropositions(Table(OnRuntimeStreamSettings.from_env().plans_table))


@cache
def walks() -> Walks:
    """What `api` needs for people."""
    return DynamoWalks(Table(ApiSettings.from_env().runtime_table))


@cache
def person() -> Person:
    """What `person` needs."""
    settings = PersonSettings.from_env()
    return Person(
        DynamoWalks(Table(settings.runtime_table)),
        DynamoStandings(Table(settings.standings_table)),
        settings.clock(),
    )
