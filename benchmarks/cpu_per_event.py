"""Microseconds of CPU that ingest's consumer spends on an event, in a batch of 100 events of 20 people.

The AWS calls of one invocation are recorded, then played back from memory, so that no server's CPU is counted. The
floor, in the same run, parses the same messages and makes the very same calls with the client library, and does
nothing else. What is over it is validating, recognising, applying, packing, logging and threads; and that the client
library, and our code, run slower in turns than each in a loop by itself. `validate_match_marshal` has the budget.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import boto3
from botocore import xform_name

from benchmarks.results import Report, Result
from benchmarks.tape import Tape
from benchmarks.traffic import Traffic
from benchmarks.validate_match_marshal import Batch, measure
from services.shared.aws.clients import client
from tests.support.processes import Process
from tests.support.road import Road
from tests.support.shop import open_shop
from tests.support.templates import Templates, synthesise
from tests.support.wire import sqs_record

EVENTS_A_REQUEST = 20
PROFILES_A_REQUEST = 4
REQUESTS = 5
EVENTS = REQUESTS * EVENTS_A_REQUEST
USERS = 40
ROUNDS = 40
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEED = 20
BUDGET_US = 50.0
"""To validate, match and marshal: 5 ms for 100 events."""


def run(report: Report) -> list[Result]:
    """Three results: all CPU of an invocation, what of it is over the floor, and what the budget is about."""
    report("warming up", 0)
    tape = Tape()
    with Road(Templates(synthesise()), START) as road:
        tape.attach(boto3.DEFAULT_SESSION.events)
        process, event = _batch(road)
        batch = _stored(process, event, road)
        with tape.recording():
            process.call(event)

        def floor() -> None:
            for record in event["Records"]:
                json.loads(record["body"])
            for service, operation, params in tape.calls:
                getattr(client(service), xform_name(operation))(**params)

        taken: dict[str, list[float]] = {"real": [], "floor": []}
        gc.collect()
        gc.freeze()  # the collector would walk through the stage's millions of objects, which no function has
        with tape.playing(), process.warm() as handle:
            for turn in range(ROUNDS):
                taken["real"].append(_microseconds(lambda: handle(event)))
                taken["floor"].append(_microseconds(floor))
                report("played back", turn / ROUNDS)
    whole, least = median(taken["real"]) / EVENTS, median(taken["floor"]) / EVENTS
    against = {"the same AWS calls alone": least}
    stages = {name: taken / EVENTS for name, taken in measure(batch).items()}
    parse = stages.pop("parse")
    return [
        Result("ingest_cpu_us_per_event", whole, "microseconds of CPU an event, 100 in a batch", against),
        Result("ingest_own_cpu_us_per_event", whole - least, "the same, over that floor"),
        Result(
            "cpu_us_per_event_validate_match_marshal",
            sum(stages.values()),
            "of it: to validate, match and marshal",
            {"parsing the same JSON": parse, **stages},
            BUDGET_US,
        ),
    ]


def _batch(road: Road) -> tuple[Process, dict[str, Any]]:
    """The consumer, warm, and a batch of messages of people it knows."""
    shop, traffic = open_shop(road, kinds=()), Traffic(SEED, USERS)
    consumer = next(
        mapped
        for mapped in road.stage.consumers
        if road.processes[mapped.function].function.title == "ingest.on_events"
    )
    process = road.processes[consumer.function]
    for request in traffic.first_orders(road.clock.now()):
        assert shop.batch(request).status == 200
    road.deliver()
    road.clock.advance(timedelta(hours=1))
    now = road.clock.now()
    for request in traffic.requests(REQUESTS, profiles=PROFILES_A_REQUEST, events=EVENTS_A_REQUEST, at=now):
        assert shop.batch(request).status == 200
    messages = road.fabric.queues[consumer.source].take(100)
    process.load()
    return process, {"Records": [sqs_record(message, consumer.source) for message in messages]}


def _stored(process: Process, event: dict[str, Any], road: Road) -> Batch:
    """The batch with what is stored of its people, before it is taken in."""
    dynamodb, env = client("dynamodb"), process.function.env
    return Batch(
        bodies=[record["body"] for record in event["Records"]],
        at=road.clock.now(),
        identities=dynamodb.scan(TableName=env["IDENTITIES_TABLE"])["Items"],
        profiles=dynamodb.scan(TableName=env["PROFILES_TABLE"])["Items"],
    )


def _microseconds(call: Callable[[], None]) -> float:
    began = time.process_time()
    call()
    return (time.process_time() - began) * 1_000_000
