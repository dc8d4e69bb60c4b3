"""An execution that fails for good (F26): its people leave the journey, visibly."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from services.journeys.handlers import on_failed_execution
from services.shared.contracts.ingest import Merge, ProfilesMerged
from tests.integration.journeys.test_cohort_engine import WELCOME, people
from tests.integration.journeys.world import NOON, Context, World, entered, rows_of
from tests.unit.journeys.documents import REGROUPING, seed

REGROUPED = "regrouping-v1-ask-19970101T120000000"


def fail(world: World, cohort: str, status: str = "FAILED") -> list[str]:
    detail = {"name": cohort, "status": status, "input": json.dumps(world.started()[cohort])}
    return deliver(detail)


def deliver(detail: dict[str, Any]) -> list[str]:
    body = {
        "id": "1",
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": detail,
    }
    answer = on_failed_execution.handler(
        {"Records": [{"messageId": "m", "body": json.dumps(body)}]}, Context()
    )
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_everybody_of_its_cohort_leaves_as_failed_once(world: World, status: str) -> None:
    world.publish(seed("welcome"))
    world.facts(entered("first_order", *people(120)))
    world.facts(ProfilesMerged(merges=[Merge(loser="prf_0007", winner="prf_winner", at=NOON)]))
    world.published()

    assert fail(world, WELCOME, status) == []
    assert fail(world, WELCOME, status) == []

    exits = rows_of(world.published(), "JourneyExited.v1")
    assert {row["reason"] for row in exits} == {"failed"}
    assert len(exits) == 120
    assert "prf_winner" in {row["profile_id"] for row in exits}


def test_who_a_branch_has_sent_on_travels_on(world: World) -> None:
    world.publish(REGROUPING)
    world.facts(entered("in", "prf_month", orders=2), entered("in", "prf_default"))
    world.run_until(NOON + timedelta(days=7))
    world.published()

    assert fail(world, REGROUPED) == []

    assert world.walk("prf_month", "regrouping")["status"] == "active"


def test_nobody_joins_a_cohort_that_nobody_carries(world: World) -> None:
    world.publish(seed("welcome"))
    world.facts(entered("first_order", "prf_1"))
    fail(world, WELCOME)

    world.facts(entered("first_order", "prf_2"))

    assert world.walk("prf_2", "welcome")["cohort"] != WELCOME


def test_an_execution_of_no_cohort_of_ours_concerns_nobody(world: World) -> None:
    assert deliver({"status": "FAILED", "input": json.dumps({"cohort": "other", "journey": "x"})}) == []
    assert deliver({"status": "FAILED", "input": "[]"}) == ["m"]
