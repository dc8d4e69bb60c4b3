"""Forgetting under faults; and what comes of the forgotten afterwards."""

from __future__ import annotations

import json
from collections import Counter
from itertools import count
from typing import Any

import pytest

from services.ingest.bootstrap import people as bootstrap
from services.ingest.handlers import on_erasures
from services.shared.aws.clients import client
from services.shared.contracts.ingest import ProfilesErased
from tests.faults.kinds import FAULTS
from tests.faults.road import Road
from tests.faults.steps import STEPS
from tests.faults.test_poison import bus
from tests.faults.test_versions import OLDER
from tests.faults.wire import Crash, Fault, Where, anywhere
from tests.integration.ingest.conftest import ENV, REGION, World
from tests.support.traces import bucket_texts, table_texts

WANTED = ("u-2", "ana@example.com")


@pytest.fixture
def walked(road: Road) -> Road:
    """The road's people, on a road with rules for what is erased."""
    for made in (bootstrap.eraser, bootstrap.erasure_desk, bootstrap.directory):
        made.cache_clear()
    for step in STEPS[:3]:
        road.walk(step)
    url = client("sqs").create_queue(QueueName="erased")["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    pattern = {"source": [ProfilesErased.source], "detail-type": [ProfilesErased.detail_type]}
    client("events").put_rule(Name="erased", EventBusName=ENV["BUS_NAME"], EventPattern=json.dumps(pattern))
    client("events").put_targets(
        Rule="erased", EventBusName=ENV["BUS_NAME"], Targets=[{"Id": "1", "Arn": arn["QueueArn"]}]
    )
    return road


def told() -> list[ProfilesErased]:
    """What was told of erasures, each once."""
    url = client("sqs").get_queue_url(QueueName="erased")["QueueUrl"]
    found = {}
    while messages := client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            fact = ProfilesErased.model_validate(json.loads(message["Body"])["detail"])
            found[fact.model_dump_json()] = fact
            client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return list(found.values())


def traces() -> set[str]:
    """Where the erased person's strings still are."""
    places = {**table_texts(REGION), **{key: [text] for key, text in bucket_texts(REGION).items()}}
    return {place for place, texts in places.items() for text in texts for one in WANTED if one in text}


def work(road: Road, erasure_id: str) -> bool:
    """One delivery of the erasure's message; false when it died or raised."""
    try:
        with road.wire.life():
            return bootstrap.eraser().work(erasure_id)
    except (Crash, Exception):
        assert road.wire.struck
        return False


def erase(road: Road, world: World, fault: Fault | None = None, where: Where = anywhere) -> dict[str, Any]:
    """Ask for the erasure and work it off; its receipt."""
    erasure_id = world.admin("POST", "/profiles/u-2/erasure")[1]["erasure_id"]
    with road.wire.watched(fault, where):
        assert any(work(road, erasure_id) for _ in range(9))
        assert (fault is None) or road.wire.struck
    receipt: dict[str, Any] = world.admin("GET", f"/erasures/{erasure_id}")[1]
    return receipt


def test_a_replay_after_the_erasure_brings_nobody_back(walked: Road, world: World) -> None:
    """F25: by the door and by the bus; others are as they were, and the lake says why."""
    erase(walked, world)
    before = walked.state()["people"]
    numbers = count(100)
    for step in STEPS[:3]:
        walked.walk(step)
        for one in step.batch:
            world.enqueue(bus(next(numbers), one))
        walked.settle(world.take())
    after = walked.state()["people"]
    assert {name: after[name] for name in before} == before
    assert traces() == set()
    refused = Counter(line["reason"] for line in world.lake() if line["disposition"] == "rejected")
    assert refused["erased"] >= 3
    assert [one["history"] for name, one in after.items() if name not in before] in ([], [["m3"]])


def test_an_erasure_s_message_is_read_by_a_version_that_knows_less(walked: Road, world: World) -> None:
    """F43: and one of the version before, which says nothing but whose it is, by this."""
    older = json.loads((OLDER / "queues" / "erasure.json").read_text())
    erasure_id = world.admin("POST", "/profiles/u-2/erasure")[1]["erasure_id"]
    for body in ({**older, "erasure_id": erasure_id}, {"erasure_id": erasure_id, "added_later": 1}):
        record = {"messageId": "1", "body": json.dumps(body)}
        assert on_erasures.handler({"Records": [record]}, None) == {"batchItemFailures": []}
    assert world.admin("GET", f"/erasures/{erasure_id}")[1]["stages"]["profile"]["done"]


@pytest.mark.parametrize("name", ["crash before", "crash after", "every answer lost", "partial", "throttled"])
def test_others_hear_of_an_erasure_whatever_happens(walked: Road, world: World, name: str) -> None:
    """F5, F8, F10, F13: who holds data outside of Halte is told even if the process dies before or after it tells."""
    profile_id = world.admin("GET", "/profiles/u-2")[1]["profile_id"]
    receipt = erase(walked, world, FAULTS[name], lambda call: call.operation == "PutEvents")
    (fact,) = told()
    assert fact.erasures[0].profile_ids[0] == profile_id
    assert receipt["status"] == "done"
    assert traces() == set()
