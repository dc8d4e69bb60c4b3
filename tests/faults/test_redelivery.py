"""The same work once more: by the queue, by many at once, by a client, and by a worker that was thought dead."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import Any

import pytest

from tests.faults.kinds import FAULTS, meanwhile
from tests.faults.road import Road
from tests.faults.steps import STEPS, Step
from tests.faults.wire import Call
from tests.integration.ingest.conftest import World

VISITS, LOGIN, *_ = STEPS


def walked_to(road: Road, step: Step) -> None:
    for earlier in STEPS[: STEPS.index(step)]:
        road.walk(earlier)


def subsets(records: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for size in range(1, len(records) + 1):
        yield from (list(some) for some in combinations(records, size))


def test_any_part_of_a_batch_comes_again(road: Road, world: World) -> None:
    """F3, F4: the queue did not hear that messages were done, of some of them or of all."""
    walked_to(road, LOGIN)
    road.post(LOGIN)
    records = world.take()
    assert len(records) == 3
    road.settle(records)
    expected = road.state()
    for some in subsets(records):
        assert world.consume(some) == set()
        road.publish()
        assert road.state() == expected


@pytest.mark.parametrize("name", ["connection lost", "throttled", "conflict"])
def test_only_messages_of_the_person_who_can_not_be_written_come_again(
    road: Road, world: World, name: str
) -> None:
    """F3, F10, F11: of the people of a batch one can't be written."""
    road.post(VISITS)
    road.post(LOGIN)
    records = world.take()
    fault = FAULTS[name]

    def hot_write_of_u_2(call: Call) -> bool:
        return call.operation == "PutItem" and call.names('"Profiles"', "userId#u-2")

    with road.wire.watched(fault, hot_write_of_u_2):
        failed = road.consume_once(records)
        assert road.wire.struck
    (about_u_2,) = (one["messageId"] for one in records if '"u-2"' in one["body"])
    assert failed == {about_u_2}
    road.settle([one for one in records if one["messageId"] in failed])
    assert world.admin("GET", "/profiles/u-2")[1]["counts"] == {"track": 1}


@pytest.mark.parametrize("copies", [2, 50])
def test_a_batch_that_many_workers_get_at_once_counts_once(road: Road, world: World, copies: int) -> None:
    """F1: and the publisher gets the stream's records meanwhile, as they come."""
    walked_to(road, LOGIN)
    begin = road.snapshot()
    road.walk(LOGIN)
    expected = road.state()
    road.go_back(begin)
    road.post(LOGIN)
    records = world.take()
    with ThreadPoolExecutor(6) as pool:
        failed = set().union(*pool.map(world.consume, [records] * copies))
    road.settle([one for one in records if one["messageId"] in failed])
    road.publish()
    assert road.state() == expected


def test_a_request_that_a_client_repeats_counts_once(road: Road, world: World) -> None:
    """F1: fifty times, each an acceptance of its own."""
    for _ in range(50):
        road.post(VISITS)
    road.settle(world.take())
    road.publish()
    people = road.state()["people"]
    assert {name: one["history"] for name, one in people.items()} == {
        "anonymousId#x": ["m1"],
        "userId#u-1": ["m2"],
        "anonymousId#y": ["m3"],
    }
    lines = {line["receipt"]: line["disposition"] for line in world.lake()}
    assert sorted(lines.values()) == ["applied"] * 3 + ["duplicate"] * 147


@pytest.mark.parametrize("at", range(len(STEPS)), ids=[step.name for step in STEPS])
def test_a_worker_that_wakes_late_changes_nothing(road: Road, at: int) -> None:
    """F7: before each write of a consumer or publisher another gets the same messages and does everything, then the
    next step happens, and only then the first one writes."""
    walked_to(road, STEPS[at])
    begin = road.snapshot()
    steps = STEPS[at : at + 2]
    with road.wire.watched():
        road.walk(steps[0])
    calls = [call for call in road.wire.calls if call.writes and call.service != "sqs"]
    for step in steps[1:]:
        road.walk(step)
    expected = road.state()

    def others() -> None:
        road.do_the_same()
        for step in steps[1:]:
            road.walk(step)

    assert len(calls) >= 7
    for call in calls:
        road.go_back(begin)
        with road.wire.watched(meanwhile(others), lambda one, at=call.index: one.index == at):
            road.walk(steps[0])
            assert road.wire.struck
        assert road.state() == expected, f"stalled before {call.index} {call.operation}"
