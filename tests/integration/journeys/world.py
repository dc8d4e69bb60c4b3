"""Journeys on moto: its tables, a clock that stands still, and every handler called as Lambda calls it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import boto3

from services.journeys.handlers import api, campaigns, on_facts, on_runtime_stream, on_step
from services.shared.aws.clients import client
from services.shared.clock import Clock, FixedClock, to_iso
from services.shared.contracts.base import Fact
from services.shared.contracts.scoring import SegmentEntered, SegmentExited, SegmentMove, Standing
from tests.support.asl import Execution
from tests.support.moto_store import drained, executions

NOON = datetime(1997, 1, 1, 12, 0, tzinfo=UTC)
STEP_ARN = "arn:aws:lambda:us-east-1:123456789012:function:on-step"
ROLE_ARN = "arn:aws:iam::123456789012:role/journeys"
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "STAGE": "test",
    "CLOCK_FACTORY": f"{__name__}:clock",
    "RUNTIME_TABLE": "runtime",
    "STANDINGS_TABLE": "standings",
    "DEFINITIONS_TABLE": "definitions",
    "PLANS_TABLE": "plans",
    "AUDIENCE_FUNCTION": "audience",
    "WHO_FUNCTION": "who",
    "OUTCOMES_FUNCTION": "outcomes",
    "BUS_NAME": "bus",
    "STATE_MACHINE_PREFIX": "halte-test",
    "STATE_MACHINE_ROLE_ARN": ROLE_ARN,
    "STEP_FUNCTION_ARN": STEP_ARN,
}
TABLES = {
    "runtime": ("pk", "sk"),
    "standings": ("profile_id", None),
    "definitions": ("pk", "sk"),
    "plans": ("pk", "sk"),
}
_clock = FixedClock(NOON)


def clock() -> Clock:
    """What CLOCK_FACTORY names."""
    return _clock


class Context:
    """Lambda's context, with a given time left."""

    def __init__(self, milliseconds: int = 300_000) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


def standing(profile: str, version: int, *segments: str, **facts: Any) -> Standing:
    return Standing(profile_id=profile, version=version, at=NOON, facts=facts, segments=list(segments))


def entered(
    segment: str, *profiles: str, version: int = 1, at: datetime | None = None, **facts: Any
) -> SegmentEntered:
    moves = [
        SegmentMove(segment=segment, at=at or _clock.now(), standing=standing(p, version, segment, **facts))
        for p in profiles
    ]
    return SegmentEntered(moves=moves)


def left(segment: str, *profiles: str, version: int = 2) -> SegmentExited:
    moves = [SegmentMove(segment=segment, at=_clock.now(), standing=standing(p, version)) for p in profiles]
    return SegmentExited(moves=moves)


def message(number: int, fact: Fact) -> dict[str, Any]:
    body = {
        "id": f"event-{number}",
        "source": fact.source,
        "detail-type": fact.detail_type,
        "detail": json.loads(fact.model_dump_json()),
    }
    return {"messageId": f"message-{number}", "body": json.dumps(body)}


class World:
    """One stage of journeys."""

    def __init__(self) -> None:
        global _clock
        self.clock = _clock = FixedClock(NOON)
        self.executions: dict[str, Execution] = {}
        for name, (pk, sk) in TABLES.items():
            _create_table(name, pk, sk)
        self._runtime = boto3.resource("dynamodb").Table("runtime")
        self._bus()
        self._position = self._stream_start()

    # Work in

    def publish(self, document: dict[str, Any]) -> dict[str, Any]:
        status, body = self.http("PUT", f"/journeys/{document['name']}", document)
        assert status == 200, body
        return body

    def facts(self, *facts: Fact) -> list[str]:
        """Deliver a batch; the ids of failed messages."""
        event = {"Records": [message(i, fact) for i, fact in enumerate(facts)]}
        return [f["itemIdentifier"] for f in on_facts.handler(event, Context())["batchItemFailures"]]

    def http(
        self, method: str, path: str, body: Any = None, handler: Callable[[Any, Any], Any] = api.handler
    ) -> tuple[int, dict[str, Any]]:
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
            "headers": {},
            "body": json.dumps(body) if body is not None else None,
            "isBase64Encoded": False,
        }
        response = handler(event, Context())
        return response["statusCode"], json.loads(response["body"])

    def plan(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """A request to the routes of what meets many at once."""
        return self.http(method, path, body, handler=campaigns.handler)

    def step(self, cohort: str, node: str, *, milliseconds: int = 300_000, **data: Any) -> dict[str, Any]:
        """Call the task of a node as its state machine does."""
        meta = self.item(f"C#{cohort}", "META")
        event = {
            "cohort": cohort,
            "journey": meta["journey"],
            "version": meta["version"],
            "node": node,
            "cursor": None,
            "due": meta["due"],
            **data,
        }
        return on_step.handler(event, Context(milliseconds))

    # What came of it

    def started(self) -> dict[str, dict[str, Any]]:
        """Input by name of every execution that was started."""
        return executions()

    def run_until(self, at: datetime) -> None:
        """Let every execution go on, wake after wake, until `at`."""
        while True:
            self._adopt()
            for execution in list(self.executions.values()):
                execution.run(self.clock.now(), self.invoke)
            self._adopt()
            wakes = [self._wake(e) for e in self.executions.values() if e.status == "RUNNING"]
            upcoming = min(wakes, default=None)
            if upcoming is None or upcoming > at:
                self.clock.advance(max(at - self.clock.now(), at - at))
                return
            self.clock.advance(max(upcoming - self.clock.now(), at - at))

    def published(self) -> list[dict[str, Any]]:
        """Push the runtime table's new changes through the stream handler; the bus entries that came out."""
        streams = client("dynamodbstreams")
        answer = streams.get_records(ShardIterator=self._position)
        self._position = answer["NextShardIterator"]
        if answer["Records"]:
            on_runtime_stream.handler({"Records": answer["Records"]}, Context())
        return self.bus_entries()

    def bus_entries(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in drained(self._queue)]

    def item(self, pk: str, sk: str) -> dict[str, Any]:
        return dict(self._runtime.get_item(Key={"pk": pk, "sk": sk})["Item"])

    def walk(self, profile: str, journey: str) -> dict[str, Any]:
        return self.item(f"P#{profile}", f"E#{journey}")

    def walk_of(self, profile: str) -> dict[str, Any]:
        """The one walk of a person, whatever it is about."""
        (walk,) = [row for (pk, sk), row in self.items().items() if pk == f"P#{profile}" and sk[:2] == "E#"]
        return walk

    def items(self) -> dict[tuple[str, str], dict[str, Any]]:
        rows = self._runtime.scan()["Items"]
        return {(str(r["pk"]), str(r["sk"])): r for r in rows}

    def cohorts(self) -> dict[str, dict[str, Any]]:
        return {pk.removeprefix("C#"): row for (pk, sk), row in self.items().items() if sk == "META"}

    # Plumbing

    def _adopt(self) -> None:
        sfn = client("stepfunctions")
        for name, data in self.started().items():
            if name not in self.executions:
                machine = f"halte-test-{data['journey']}-v{data['version']}"
                arn = f"arn:aws:states:us-east-1:123456789012:stateMachine:{machine}"
                definition = json.loads(sfn.describe_state_machine(stateMachineArn=arn)["definition"])
                now = self.clock.now()
                self.executions[name] = Execution(name, machine, definition, data, now)

    def _wake(self, execution: Execution) -> datetime:
        return execution.wake_at or self.clock.now()

    def invoke(self, arn: str, payload: Any) -> Any:
        """Call a function as Step Functions does."""
        assert arn == STEP_ARN
        return on_step.handler(payload, Context())

    def _bus(self) -> None:
        events, sqs = client("events"), client("sqs")
        self._queue = sqs.create_queue(QueueName="seen")["QueueUrl"]
        events.create_event_bus(Name="bus")
        events.put_rule(
            Name="all", EventBusName="bus", EventPattern=json.dumps({"source": ["halte.journeys"]})
        )
        arn = "arn:aws:sqs:us-east-1:123456789012:seen"
        events.put_targets(Rule="all", EventBusName="bus", Targets=[{"Id": "q", "Arn": arn}])

    def _stream_start(self) -> str:
        arn = client("dynamodb").describe_table(TableName="runtime")["Table"]["LatestStreamArn"]
        streams = client("dynamodbstreams")
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        got = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        return str(got["ShardIterator"])


def rows_of(entries: Iterable[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The rows of all bus entries of one kind."""
    return [row for e in entries if e["detail-type"] == kind for row in next(iter(e["detail"].values()))]


def iso(at: datetime) -> str:
    return to_iso(at)


def _create_table(name: str, pk: str, sk: str | None) -> None:
    keys = _schema(pk, *([sk] if sk else []))
    by_journey = _schema("live_of", "live_due") if name == "runtime" else []
    index: dict[str, Any] = {
        "IndexName": "by_journey",
        "KeySchema": by_journey,
        "Projection": {"ProjectionType": "ALL"},
    }
    client("dynamodb").create_table(
        TableName=name,
        KeySchema=keys,
        AttributeDefinitions=[
            {"AttributeName": key["AttributeName"], "AttributeType": "S"} for key in keys + by_journey
        ],
        **({"GlobalSecondaryIndexes": [index]} if by_journey else {}),
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )


def _schema(*names: str) -> list[dict[str, str]]:
    kinds = zip(names, ("HASH", "RANGE"), strict=False)
    return [{"AttributeName": name, "KeyType": kind} for name, kind in kinds]
