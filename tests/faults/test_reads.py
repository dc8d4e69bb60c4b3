"""What is decided is decided on consistent reads; the few others may see the past, and nothing comes of it (F41)."""

from __future__ import annotations

import pytest

from services.ingest.bootstrap import people as bootstrap
from tests.faults.kinds import is_stale_read, stale
from tests.faults.road import Road
from tests.faults.steps import STEPS, Step, call
from tests.faults.wire import Call, anywhere
from tests.integration.ingest.conftest import World

MAY_SEE_THE_PAST = {
    ("GetItem", "Sources"): "keys and rules, which processes remember for a minute anyway",
    (
        "BatchGetItem",
        "Profiles",
    ): "the publisher asks whether a person was erased, or told anew, by now: a repetition "
    "that is told all the same is dropped by its version, and an erasure removes histories a second time",
    ("BatchGetItem", "ProfileParts"): "traits that this write left as they were: newer ones are told with it",
}
"""Reads of the road that do not ask for consistency, and why that does no harm."""


MORE = (*STEPS, Step("again", [call("track", 10, 20, userId="u-1"), call("page", 11, 21, userId="u-2")]))
"""And what a known person does every day."""


def reads(road: Road) -> list[Call]:
    return [call for call in road.wire.calls if call.service == "dynamodb" and not call.writes]


def test_reads_that_decide_are_consistent(road: Road, world: World) -> None:
    """F41: on the whole road, a merge, an un-merge and an erasure among it, these are all the others."""
    for made in (bootstrap.eraser, bootstrap.erasure_desk, bootstrap.directory):
        made.cache_clear()
    with road.wire.watched():
        for step in MORE:
            road.walk(step)
        erasure_id = world.admin("POST", "/profiles/u-2/erasure")[1]["erasure_id"]
        with road.wire.life():
            assert any(bootstrap.eraser().work(erasure_id) for _ in range(9))
    seen = reads(road)
    careless = {(call.operation, table) for call in seen if is_stale_read(call) for table in call.tables()}
    assert careless == MAY_SEE_THE_PAST.keys()
    assert len([call for call in seen if not is_stale_read(call)]) > 40
    assert not any("IndexName" in call.body for call in seen)


@pytest.mark.parametrize("behind", [0, 1], ids=["as the step began", "as the step before began"])
def test_reads_that_see_the_past_change_nothing(road: Road, behind: int) -> None:
    """F41: every read that may be stale is, for as long as a step takes or longer."""
    begins = [road.snapshot()]
    struck = 0
    for step in MORE:
        begin = road.snapshot()
        begins.append(begin)
        road.walk(step)
        expected = road.state()
        road.go_back(begin)
        then = begins[-1 - behind]
        with road.wire.watched(stale(lambda then=then: road.past(then)), anywhere):
            road.walk(step)
            struck += road.wire.struck
        assert road.state() == expected, step.name
    assert struck == len(MORE)
