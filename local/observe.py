"""Reads what is really there after a run: the lake, the tables, the queues and the executions."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.emulator import Emulator
from local.tap import RULE
from services.ingest.adapters.parquet import DuckParquet
from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.lake.upkeep import LakeKeeper
from services.shared.clock import SystemClock


@dataclass(frozen=True)
class Queue:
    """One queue: its name, and whether it keeps dead letters."""

    url: str
    name: str
    dead_letters: bool


@dataclass
class Machine:
    """All executions of one journey version's state machine.

    `transitions` counts every state entered; `early` the wakes before time, which only a virtual clock that was slowed
    meanwhile brings about.
    """

    name: str
    executions: Counter[str] = field(default_factory=Counter)
    transitions: int = 0
    early: int = 0

    @property
    def steady_transitions(self) -> int:
        """Transitions without those of early wakes: wait, task and choice for each."""
        return self.transitions - 3 * self.early


def lake(s3: Any, bucket: str) -> list[Mapping[str, Any]]:
    """Every line of the event lake, those of days that are Parquet by now as well."""
    with tempfile.TemporaryDirectory() as folder:
        keeper = LakeKeeper(
            store=S3Lake(bucket, s3),
            parts=DuckParquet(Path(folder)),
            clock=SystemClock(),
            folder=Path(folder),
        )
        return list(keeper.lines())


def items(dynamodb: Any, table: str) -> Iterator[dict[str, Any]]:
    """Every item of a table, as plain values."""
    from boto3.dynamodb.types import TypeDeserializer

    plain = TypeDeserializer().deserialize
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        for item in page["Items"]:
            yield {name: plain(value) for name, value in item.items()}


def queues(sqs: Any) -> list[Queue]:
    """Every queue but the observer's own."""
    dead = set()
    urls = [url for page in sqs.get_paginator("list_queues").paginate() for url in page.get("QueueUrls", [])]
    for url in urls:
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        if "RedrivePolicy" in attributes:
            dead.add(json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"].rpartition(":")[2])
    return [
        Queue(url, name, dead_letters=name in dead or "DeadLetters" in name)
        for url, name in ((url, url.rpartition("/")[2]) for url in urls)
        if name != RULE
    ]


def under_way(emulator: Emulator) -> list[str]:
    """The ids of the messages that wait or are being worked off in any work queue."""
    return [
        message_id
        for url, messages in emulator.parked().items()
        if "DeadLetters" not in url and not url.endswith(RULE)
        for message_id in messages
    ]


def dead_letters(emulator: Emulator, known: list[Queue]) -> dict[str, list[str]]:
    """The bodies parked in each dead-letter queue that holds any, by queue name."""
    parked = {url.rpartition("/")[2]: list(messages.values()) for url, messages in emulator.parked().items()}
    return {q.name: parked[q.name] for q in known if q.dead_letters and parked.get(q.name)}


def machines(sfn: Any, prefix: str) -> list[Machine]:
    """Executions and state transitions of every journey version."""
    found = []
    for page in sfn.get_paginator("list_state_machines").paginate():
        for entry in page["stateMachines"]:
            if entry["name"].startswith(prefix):
                found.append(_machine(sfn, entry["name"].removeprefix(prefix), entry["stateMachineArn"]))
    return sorted(found, key=lambda machine: machine.name)


def _machine(sfn: Any, name: str, arn: str) -> Machine:
    machine = Machine(name)
    for page in sfn.get_paginator("list_executions").paginate(stateMachineArn=arn):
        for execution in page["executions"]:
            machine.executions[execution["status"]] += 1
            history = sfn.get_paginator("get_execution_history")
            for events in history.paginate(executionArn=execution["executionArn"]):
                entered = [e for e in events["events"] if e["type"].endswith("StateEntered")]
                names = [event["stateEnteredEventDetails"]["name"] for event in entered]
                early = sum(name.endswith(" early") for name in names)
                machine.early += early
                machine.transitions += len(names)
    return machine
