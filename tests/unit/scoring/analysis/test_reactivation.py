"""Reactivation value: more for the more recent and the more alike."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.scoring.domain.analysis.reactivation import Inactive, ReactivationModel, ranked

DOCUMENT: dict[str, Any] = {
    "horizon_days": 180,
    "intercept": 2.0,
    "recency": 0.75,
    "likeness": 0.5,
    "active": {
        "name": "active",
        "target": "active",
        "intercept": -1.0,
        "features": [
            {"kind": "bands", "name": "orders", "bounds": [2, 5], "weights": [-1.0, 0.5, 2.0]},
            {"kind": "values", "name": "club", "weights": {"true": 0.75}},
        ],
    },
}
MODEL = ReactivationModel.read("win-back", DOCUMENT)

people = st.fixed_dictionaries({"orders": st.integers(1, 9), "club": st.booleans()})
away = st.floats(0, 2_000)


def test_a_value_by_hand() -> None:
    (worth,) = ranked(MODEL, [Inactive("ann", 99, {"orders": 6, "club": True}, 40.0)])

    logit = 2.0 - 0.75 * math.log(100) + 0.5 * 1.75
    assert worth.probability == pytest.approx(1 / (1 + math.exp(-logit)))
    assert worth.value == pytest.approx(40.0 * worth.probability)
    assert worth.likeness == pytest.approx(1 / (1 + math.exp(-1.75)))
    assert [(one.feature, one.weight) for one in worth.because] == [("orders", 2.0), ("club", 0.75)]


@pytest.mark.capability("000-12")
@given(people, away, away, st.floats(0.01, 1_000))
@settings(max_examples=80)
def test_the_more_recent_is_worth_more(
    person: dict[str, Any], one: float, other: float, margin: float
) -> None:
    near, far = (MODEL.worth(Inactive("p", days, person, margin)) for days in sorted((one, other)))

    assert near.value >= far.value
    if abs(one - other) > 1:
        assert near.value > far.value


@pytest.mark.capability("000-12")
@given(people, people, away, st.floats(0.01, 1_000))
@settings(max_examples=80)
def test_the_more_alike_is_worth_more(
    one: dict[str, Any], other: dict[str, Any], days: float, margin: float
) -> None:
    less, more = sorted(
        (MODEL.worth(Inactive("p", days, person, margin)) for person in (one, other)),
        key=lambda w: w.likeness,
    )

    assert less.value <= more.value
    if less.likeness < more.likeness:
        assert less.value < more.value


@given(st.lists(st.tuples(away, people, st.floats(-5, 100)), max_size=8))
@settings(max_examples=50)
def test_the_list_is_ranked_by_probability_times_margin(
    told: list[tuple[float, dict[str, Any], float]],
) -> None:
    found = ranked(MODEL, [Inactive(f"p{n}", *one) for n, one in enumerate(told)])

    assert [one.value for one in found] == sorted(
        (one.probability * one.margin for one in found), reverse=True
    )
    assert {one.person for one in found} == {f"p{n}" for n in range(len(told))}


@pytest.mark.parametrize("wrong", [{"recency": 0.0}, {"likeness": -0.1}, {"horizon_days": 0}])
def test_a_model_that_would_reward_absence_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ReactivationModel.read("win-back", {**DOCUMENT, **wrong})


def test_a_model_survives_as_json() -> None:
    assert ReactivationModel.read("win-back", MODEL.document()) == MODEL
