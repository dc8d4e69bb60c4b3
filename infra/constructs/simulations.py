"""Simulations: routes of journeys, a queue, and the one function that carries the rules of three services."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb

from benchmarks.tariff import metered
from infra.constructs.service_function import ServiceFunction
from infra.constructs.service_stack import ServiceStack
from infra.constructs.work_queue import WorkQueue
from services.journeys.domain.simulating import SIMULATIONS
from services.shared.contracts.given import definitions_function, wordings_function
from services.shared.contracts.past import lake_function

SIMULATE_SECONDS = 900
SIMULATE_MEMORY = 3008
"""Of these a whole CPU; people are held in memory, some 0.3 KB for each day of theirs."""

AT_ONCE = 2
"""Simulations at a time: the least that SQS may be told, so that nobody's questions take the account's functions."""

ROUTES = ("POST /journeys/{name}/simulations", "GET /journeys/{name}/simulations/{simulation_id}")

_WHY = "Simulations are named by what was asked, under one prefix of the lake's bucket."


def add_simulations(stack: ServiceStack, definitions: dynamodb.Table) -> None:
    """Add them to journeys' stack. Questions and answers lie in the lake's bucket, where they are gone after a week."""
    queue = stack.queue("Simulations", timeout_seconds=SIMULATE_SECONDS)
    _routes(stack, definitions, queue)
    _worker(stack, queue)


def _routes(stack: ServiceStack, definitions: dynamodb.Table, queue: WorkQueue) -> None:
    defined, worded = definitions_function(stack.halte.stage), wordings_function(stack.halte.stage)
    function = stack.function(
        "SimulationsApi",
        handler="simulations",
        settings={
            "definitions_table": definitions.table_name,
            "lake_bucket": stack.lake_bucket_name,
            "simulators_url": queue.queue_url,
            "definitions_function": defined,
            "wordings_function": worded,
        },
    )
    stack.allow_asking(function, defined)
    stack.allow_asking(function, worded)
    definitions.grant(function, "dynamodb:GetItem", "dynamodb:Query")
    queue.grant(function, "sqs:SendMessage")
    _let_keep(stack, function)
    stack.routes(function, ROUTES)


def _worker(stack: ServiceStack, queue: WorkQueue) -> None:
    prices, lake = metered(), lake_function(stack.halte.stage)
    function = ServiceFunction(
        stack,
        "OnSimulations",
        environment=stack.halte,
        service="simulations",
        handler="on_simulations",
        settings={
            "lake_bucket": stack.lake_bucket_name,
            "lake_function": lake,
            "usd_per_million_entries": f"{prices.entry * 1_000_000:.6g}",
            "usd_per_million_mails": f"{prices.mail * 1_000_000:.6g}",
        },
        memory=SIMULATE_MEMORY,
        timeout_seconds=SIMULATE_SECONDS,
    )
    _let_keep(stack, function)
    stack.allow_asking(function, lake)
    stack.consume(function, queue, batch_size=1, max_concurrency=AT_ONCE, window_seconds=0)


def _let_keep(stack: ServiceStack, function: ServiceFunction) -> None:
    stack.allow_objects(function, ["s3:GetObject", "s3:PutObject"], [SIMULATIONS], listed=True, why=_WHY)
