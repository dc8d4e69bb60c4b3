"""Joins simulations that are asked for with AWS."""

from __future__ import annotations

from functools import cache

from services.journeys.adapters.asking import AskedGiven
from services.journeys.adapters.definitions import DynamoDefinitions
from services.journeys.adapters.drafts import DynamoDrafts
from services.journeys.adapters.simulations import S3Simulations, SqsSimulators
from services.journeys.service.simulate import Simulating
from services.journeys.settings import SimulationsSettings
from services.shared.aws.dynamo import Table
from services.shared.clock import SystemClock


@cache
def simulating() -> Simulating:
    """What `simulations` needs."""
    settings = SimulationsSettings.from_env()
    table = Table(settings.definitions_table)
    return Simulating(
        DynamoDefinitions(table),
        DynamoDrafts(table),
        S3Simulations(settings.lake_bucket),
        SqsSimulators(settings.simulators_url),
        AskedGiven(settings.definitions_function, settings.wordings_function),
        SystemClock(),
    )
