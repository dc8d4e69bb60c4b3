"""Late data on the whole road: each service says how late it is, and the alarms of the stacks would go off."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from services.shared import freshness
from services.shared.clock import from_iso, to_iso
from services.shared.freshness import APPLIED, ENTERED, SEGMENT, WITHIN_SECONDS
from tests.support.freshness import alarms, emitted, fires
from tests.support.processes import LOG
from tests.support.road import Road
from tests.support.shop import Shop, identify, open_shop
from tests.support.templates import Templates

START = datetime(1997, 1, 1, 12, tzinfo=UTC)
ANN = "ann@example.com"


@pytest.fixture(autouse=True)
def _values() -> None:
    freshness._metrics.cache_clear()


def order_that_waits(shop: Shop, *, seconds: float) -> None:
    """A first order, which lies in ingest's queue for so long by the real clock."""
    shop.batch([identify("ann", ANN, "Ann", to_iso(shop.road.clock.now()))])
    shop.order("ann", "1", 11.77)
    for queue in shop.road.fabric.queues.values():
        for message in queue.messages:
            message.sent_at -= seconds
    shop.road.deliver()


@pytest.mark.capability("004-1")
@pytest.mark.parametrize(("seconds", "late"), [(1, False), (600, True)])
def test_an_alarm_tells_that_a_segment_and_a_journey_were_entered_too_late(
    templates: Templates, seconds: float, late: bool
) -> None:
    """The queue is behind: from the front door to the entry into a journey, over three services."""
    watched = (APPLIED, SEGMENT, ENTERED)
    with Road(templates, START) as road:
        shop = open_shop(road)
        LOG.tail.clear()
        before = time.time()
        order_that_waits(shop, seconds=seconds)
        blobs = emitted("".join(LOG.tail))
        [entry] = [row for fact in road.facts("JourneyEntered.v1") for row in fact["enrolments"]]
        assert before - from_iso(entry["accepted_at"]).timestamp() == pytest.approx(seconds, abs=5)

        assert {name: fires(alarms()[name], blobs) for name in watched} == dict.fromkeys(watched, late)
        assert "ann" not in str(blobs)
        assert entry["profile_id"] not in str(blobs)


def test_what_time_alone_brought_about_is_not_late(templates: Templates) -> None:
    """A segment that is entered because ninety days went by says nothing about freshness."""
    with Road(templates, START) as road:
        order_that_waits(open_shop(road), seconds=0)
        LOG.tail.clear()
        road.advance(timedelta(days=100), schedules_every=timedelta(days=10))
        moves = [m for fact in road.facts("SegmentEntered.v1") for m in fact["moves"]]
        assert [m["segment"] for m in moves if not m.get("accepted_at")] == ["no_order_90d"]
        assert SEGMENT not in "".join(LOG.tail)


def test_every_latency_has_its_objective_and_alarm() -> None:
    assert set(alarms()) == set(WITHIN_SECONDS)
    assert {name: one["Threshold"] for name, one in alarms().items()} == {
        name: seconds * 1000 for name, seconds in WITHIN_SECONDS.items()
    }
    assert {one["ExtendedStatistic"] for one in alarms().values()} == {"p95"}
