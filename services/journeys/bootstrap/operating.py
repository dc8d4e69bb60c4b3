"""Joins what tends journeys that run, and looks at them, with AWS."""

from __future__ import annotations

from functools import cache

from services.journeys.adapters.contests import DynamoContests
from services.journeys.adapters.counters import DynamoCounters
from services.journeys.adapters.definitions import DynamoDefinitions
from services.journeys.adapters.live_cohorts import DynamoLiveCohorts
from services.journeys.adapters.machines import StepFunctionsExecutions
from services.journeys.adapters.refusals import DynamoRefusals
from services.journeys.adapters.running import DynamoRunning
from services.journeys.adapters.sqs_chores import SqsChores
from services.journeys.adapters.walks import DynamoWalks
from services.journeys.service.contest import Contesting
from services.journeys.service.experiments import Experimenting
from services.journeys.service.fill import Filling
from services.journeys.service.halt import Halting
from services.journeys.service.migrate import Migrating
from services.journeys.service.observe import Observing
from services.journeys.service.operate import Operating
from services.journeys.service.report import Reporting
from services.journeys.service.sweep import Sweeping
from services.journeys.service.tend import Tending
from services.journeys.settings import OnChoresSettings, OperationsSettings, SweepSettings
from services.shared.aws.dynamo import Table


@cache
def tending() -> Tending:
    """What `on_chores` needs."""
    settings = OnChoresSettings.from_env()
    definitions = DynamoDefinitions(Table(settings.definitions_table))
    runnings = DynamoRunning(Table(settings.definitions_table))
    walks, live = DynamoWalks(Table(settings.runtime_table)), DynamoLiveCohorts(Table(settings.runtime_table))
    clock, executions = settings.clock(), StepFunctionsExecutions()
    filling = Filling(walks, executions, clock)
    return Tending(
        definitions,
        walks,
        live,
        runnings,
        filling,
        Halting(runnings, live, walks, executions, clock),
        Migrating(definitions, walks, live, filling, clock),
        SqsChores(settings.chores_url),
        clock,
    )


@cache
def sweeping() -> Sweeping:
    """What `sweep` needs."""
    settings = SweepSettings.from_env()
    table = Table(settings.definitions_table)
    return Sweeping(DynamoDefinitions(table), DynamoRunning(table), SqsChores(settings.chores_url))


@cache
def observing() -> Observing:
    """What `operations` needs to look at what runs."""
    settings = OperationsSettings.from_env()
    runtime = Table(settings.runtime_table)
    return Observing(
        DynamoDefinitions(Table(settings.definitions_table)),
        DynamoWalks(runtime),
        DynamoLiveCohorts(runtime),
        DynamoRunning(Table(settings.definitions_table)),
        DynamoRefusals(runtime),
        DynamoCounters(Table(settings.plans_table), settings.clock()),
        settings.clock(),
    )


@cache
def operating() -> Operating:
    """What `operations` needs to change it."""
    settings = OperationsSettings.from_env()
    table = Table(settings.definitions_table)
    return Operating(
        DynamoDefinitions(table),
        DynamoRunning(table),
        SqsChores(settings.chores_url),
        observing(),
        settings.clock(),
    )


@cache
def reporting() -> Reporting:
    """What `operations` needs for what came of journeys."""
    settings = OperationsSettings.from_env()
    definitions = DynamoDefinitions(Table(settings.definitions_table))
    return Reporting(definitions, DynamoCounters(Table(settings.plans_table), settings.clock()))


@cache
def experimenting() -> Experimenting:
    """What `operations` needs for what splits tell."""
    settings = OperationsSettings.from_env()
    definitions = DynamoDefinitions(Table(settings.definitions_table))
    return Experimenting(definitions, DynamoCounters(Table(settings.plans_table), settings.clock()))


@cache
def contesting() -> Contesting:
    """What `operations` needs for splits."""
    settings = OperationsSettings.from_env()
    clock = settings.clock()
    contests = DynamoContests(Table(settings.plans_table), clock)
    return Contesting(DynamoDefinitions(Table(settings.definitions_table)), contests, clock)
