"""Splits: the lift over the control group, and how sure it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.journeys.domain.document import Document
from services.journeys.domain.experiments import control_of, lifts
from services.journeys.domain.figures import Arm
from services.journeys.domain.moves import Worth
from services.journeys.domain.nodes import Split
from services.journeys.domain.worth import worth_of
from tests.unit.journeys.documents import journey


def split(*arms: tuple[str, bool]) -> Split:
    percent = 100 / len(arms)
    said = [{"name": name, "percent": percent, "next": "x", "holdout": held} for name, held in arms]
    return Split.model_validate({"type": "split", "arms": said})


ARM = st.integers(1, 300).flatmap(lambda n: st.integers(0, n).map(lambda hits: Arm(n, hits)))


@given(ARM, ARM)
@settings(max_examples=40)
def test_lift_is_test_less_control_and_as_sure_as_scipy_says(test: Arm, control: Arm) -> None:
    from scipy import stats  # a second, which not every worker needs to spend

    found = lifts(split(("test", False), ("held", True)), {"test": test, "held": control})["test"]

    assert found.gap == pytest.approx(test.reached / test.came - control.reached / control.came)
    assert found.interval.low <= found.gap <= found.interval.high
    table = [[test.reached, test.came - test.reached], [control.reached, control.came - control.reached]]
    tails = [stats.fisher_exact(table, alternative=side)[1] for side in ("greater", "less")]
    assert found.p == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-6, abs=1e-9)


def test_without_a_holdout_the_first_arm_is_the_control_and_each_try_has_its_price() -> None:
    three = split(("a", False), ("b", False), ("c", False))
    arms = {"a": Arm(100, 10), "b": Arm(100, 22), "c": Arm(100, 10)}
    found = lifts(three, arms)

    assert control_of(three) == ["a"]
    assert set(found) == {"b", "c"}
    alone = lifts(split(("a", False), ("b", False)), arms)["b"]
    assert (alone.significant, found["b"].significant) == (True, False)
    assert found["b"].p == pytest.approx(2 * alone.p)
    assert lifts(three, {**arms, "a": Arm(0, 0)}) == {}
    assert lifts(three, {**arms, "a": Arm(100, 0)})["b"].relative is None


@pytest.mark.parametrize(
    ("properties", "worth"),
    [
        ({"total": 12.345, "currency": "EUR"}, Worth(1234, "EUR")),
        ({"total": "49.99"}, Worth(4999, "")),
        ({"total": -5, "currency": "euro"}, Worth(-500, "")),
        ({"total": "many"}, None),
        ({"total": True}, None),
        ({"total": float("nan")}, None),
        ({"total": 1e30}, None),
        ({}, None),
    ],
)
def test_what_a_goal_brought_is_an_amount(properties: dict[str, Any], worth: Worth | None) -> None:
    goal = {"event": "Order Completed", "value": "total"}
    assert worth_of(Document.model_validate(journey(goal=goal)), properties) == worth
    assert worth_of(Document.model_validate(journey(goal={"event": "Order Completed"})), properties) is None
