"""One person gets nearly all of the load: a shared test account, a bot, a shop's own till (F37)."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from infra.receives import RECEIVES
from services.ingest.domain.profile import MAX_EVENTS
from tests.faults.kinds import FAULTS
from tests.faults.road import Road
from tests.faults.steps import Step, call
from tests.faults.test_poison import bus
from tests.faults.wire import Call, Fault, anywhere
from tests.integration.ingest.conftest import World

HOT = "u-hot"
OTHERS = [f"u-{n}" for n in range(10)]


def load(count: int) -> list[str]:
    """Bus messages, of which nine in ten are of one person."""
    return [
        bus(n, call("track", n, n, userId=OTHERS[n // 10 % len(OTHERS)] if n % 10 == 0 else HOT))
        for n in range(count)
    ]


def records(world: World, texts: list[str]) -> list[dict[str, Any]]:
    for text in texts:
        world.enqueue(text)
    return world.take()


def writes_of(road: Road, table: str) -> int:
    return len([c for c in road.wire.calls if c.operation == "PutItem" and c.body["TableName"] == table])


def test_a_batch_costs_by_its_people_not_by_its_events(road: Road, world: World) -> None:
    """F37: a hundred messages about eleven people, ninety about one: a write each, and a fixed number of reads."""
    batch = records(world, load(100))
    with road.wire.watched():
        assert road.consume_once(batch) == set()
    calls = Counter(call.operation for call in road.wire.calls if call.service in ("dynamodb", "s3"))
    assert (writes_of(road, "Identities"), writes_of(road, "Profiles")) == (11, 11)
    assert calls["PutObject"] == 1
    assert sum(calls.values()) - 22 <= 6, calls
    road.publish()
    people = road.state()["people"]
    assert len(people[f"userId#{HOT}"]["history"]) == 90


def test_what_does_not_fit_one_write_is_written_in_portions(road: Road, world: World) -> None:
    """F37: a batch of a client with over a thousand events of one person."""
    count = 2 * MAX_EVENTS + 1
    road.post(Step("load", [call("track", n, n % 60, userId=HOT) for n in range(count)]))
    batch = world.take()
    with road.wire.watched():
        assert road.consume_once(batch) == set()
    assert writes_of(road, "Profiles") <= 3 + len(batch)
    road.publish()
    assert len(road.state()["people"][f"userId#{HOT}"]["history"]) == count


@pytest.mark.parametrize("table", ["Identities", "Profiles"])
def test_others_land_while_the_hot_one_can_not_be_written(road: Road, world: World, table: str) -> None:
    """F37, F10: the partition of the hot key is over its limit for as long as the batch takes."""
    batch = records(world, load(100))
    always = Fault("over its limit", anywhere, FAULTS["throttled"].act, lasting=True)

    def hot(one: Call) -> bool:
        return one.operation == "PutItem" and one.names(f'"{table}"', f"userId#{HOT}")

    with road.wire.watched(always, hot):
        failed = road.consume_once(batch)
    assert failed == {one["messageId"] for one in batch if f'"{HOT}"' in one["body"]}
    road.publish()
    assert set(road.state()["people"]) == {f"userId#{name}" for name in OTHERS}
    road.settle([one for one in batch if one["messageId"] in failed])
    assert len(road.state()["people"][f"userId#{HOT}"]["history"]) == 90


def test_consumers_that_meet_at_the_hot_one_all_get_through(road: Road, world: World) -> None:
    """F37, F1: eight at once, and the publisher between their rounds. Who loses a race reads and writes again, or waits
    for the publisher; long before the queue would give messages up all are done."""
    workers = 8
    batch = records(world, load(80))
    with road.wire.watched():
        with ThreadPoolExecutor(workers) as pool, road.wire.life():
            failed = set().union(*pool.map(world.consume, [batch[n::workers] for n in range(workers)]))
        road.publish()
        assert writes_of(road, "Profiles") <= workers * (workers + 1) // 2 + 2 * workers
    for _ in range(RECEIVES - 2):  # what failed comes in one batch, as large as the queue gives
        batch = [one for one in batch if one["messageId"] in failed]
        failed = road.consume_once(batch) if batch else set()
        road.publish()
    assert failed == set()
    assert len(road.state()["people"][f"userId#{HOT}"]["history"]) == 72
