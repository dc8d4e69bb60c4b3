"""A cohort notes where it is: at which node, since when, until when, and when it is done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3

from services.journeys.adapters.walks import DynamoWalks
from services.journeys.domain.cohort import Slot
from services.shared.aws.dynamo import Table
from tests.integration.journeys.world import NOON, World, entered, iso
from tests.unit.journeys.documents import REGROUPING, seed

DAY = timedelta(days=1)
LAPSED = "lapsed-v1-winback-19970102T000000000"
MIDNIGHT = NOON + DAY / 2


def live(journey: str) -> list[dict[str, Any]]:
    answer = boto3.resource("dynamodb", region_name="us-east-1").Table("runtime")
    found = answer.query(
        IndexName="by_journey",
        KeyConditionExpression="live_of = :journey",
        ExpressionAttributeValues={":journey": journey},
    )
    return list(found["Items"])


def place(world: World, cohort: str) -> tuple[Any, ...]:
    meta = world.cohorts()[cohort]
    return meta["state"], meta["node"], meta["since"], meta["due"]


def test_it_is_where_its_last_step_put_it(world: World) -> None:
    world.publish(seed("lapsed"))
    world.facts(entered("no_order_90d", "prf_1"))
    assert place(world, LAPSED) == ("open", "winback", iso(MIDNIGHT), iso(MIDNIGHT))
    world.run_until(NOON + DAY)
    assert place(world, LAPSED) == ("closed", "wait_14_days", iso(MIDNIGHT), iso(MIDNIGHT + 14 * DAY))
    assert [row["live_due"] for row in live("lapsed#1")] == [iso(MIDNIGHT + 14 * DAY)]
    world.run_until(NOON + 15 * DAY)
    assert world.cohorts()[LAPSED]["state"] == "done"
    assert live("lapsed#1") == []


def test_a_worker_that_comes_too_late_does_not_put_it_back(world: World) -> None:
    """F7: a stalled step wakes when its cohort has gone on, or is done."""
    world.publish(seed("lapsed"))
    world.facts(entered("no_order_90d", "prf_1"))
    world.run_until(NOON + DAY)
    before = place(world, LAPSED)
    world.step(LAPSED, "winback", due=iso(MIDNIGHT), since=iso(MIDNIGHT))
    assert place(world, LAPSED) == before
    world.run_until(NOON + 15 * DAY)
    world.step(LAPSED, "winback", due=iso(MIDNIGHT), since=iso(MIDNIGHT))
    assert world.cohorts()[LAPSED]["state"] == "done"
    assert live("lapsed#1") == []


def test_those_who_regroup_are_counted_where_they_went(world: World) -> None:
    world.publish(REGROUPING)
    world.facts(entered("in", "prf_1", orders=2), entered("in", "prf_2", orders=0))
    world.run_until(NOON + 8 * DAY)
    assert [(row["node"], row["since"]) for row in live("regrouping#1")] == [("month", iso(NOON + 7 * DAY))]


def test_a_cohort_that_was_written_before_it_noted_where_it_is(world: World) -> None:
    """F43: old items are read by new code."""
    table = Table("runtime")
    table.put(
        {
            "pk": "C#old",
            "sk": "META",
            "state": "open",
            "started": True,
            "journey": "lapsed",
            "version": 1,
            "node": "winback",
            "at": iso(NOON),
            "due": iso(NOON + DAY),
        }
    )
    walks = DynamoWalks(table)
    found = walks.cohort("old")
    assert found
    assert found.slot == Slot("old", "winback", NOON, NOON + DAY)
    walks.arrive("old", "winback", NOON, NOON + DAY)
    assert not (walks.cohort("old") or found).open
