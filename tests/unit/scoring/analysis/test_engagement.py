"""Engagement: four sub-scores and a weighted total."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.scoring.domain.analysis.engagement import GROUPS, EngagementModel

PARTS: dict[str, Any] = {
    "engagement": {"events": {"track:Email Opened": 1, "page:Home": 2}, "full": 20},
    "interaction": {"events": {"track:Order Completed": 10, "track:Unsubscribed": -30}, "full": 40},
    "intimacy": {"events": {"track:Review Written": 5}, "full": 10},
    "influence": {"events": {"track:Post Shared": 4, "track:Event Attended": 10}, "full": 20},
}
COUNTS = {"track:Email Opened": 4, "page:Home": 3, "track:Order Completed": 1, "track:Event Attended": 3}

weights = st.fixed_dictionaries({group: st.floats(0, 100) for group in GROUPS}).filter(
    lambda w: sum(w.values()) > 0.01
)
counts = st.dictionaries(
    st.sampled_from([event for part in PARTS.values() for event in part["events"]]), st.integers(0, 30)
)


def model(**weight: float) -> EngagementModel:
    return EngagementModel.read("engaged", {"parts": PARTS, **({"weights": weight} if weight else {})})


def test_sub_scores_and_total_by_hand() -> None:
    found = model(engagement=2, interaction=1, intimacy=1, influence=4).score(COUNTS)

    assert found.parts == {"engagement": 50.0, "interaction": 25.0, "intimacy": 0.0, "influence": 100.0}
    assert found.total == pytest.approx((2 * 50 + 25 + 0 + 4 * 100) / 8)
    assert model().score(COUNTS).total == pytest.approx(175 / 4)


def test_points_below_nothing_are_nothing() -> None:
    assert model().score({"track:Unsubscribed": 1, "track:Order Completed": 2}).parts["interaction"] == 0.0


@given(counts, weights, weights)
@settings(max_examples=80)
def test_weights_change_the_total_only(
    done: dict[str, int], one: dict[str, float], other: dict[str, float]
) -> None:
    first, second = model(**one).score(done), model(**other).score(done)

    assert first.parts == second.parts
    for found in (first, second):
        parts = found.parts.values()
        assert min(parts) - 1e-9 <= found.total <= max(parts) + 1e-9
        assert min(parts) >= 0
        assert max(parts) <= 100


@pytest.mark.parametrize("group", GROUPS)
def test_all_the_weight_on_one_makes_it_the_total(group: str) -> None:
    only = dict.fromkeys(GROUPS, 0.0) | {group: 3.0}

    found = model(**only).score(COUNTS)

    assert found.total == found.parts[group]  # type: ignore[index]


@pytest.mark.parametrize(
    "wrong",
    [
        {"parts": {name: part for name, part in PARTS.items() if name != "influence"}},
        {"weights": dict.fromkeys(GROUPS, 0.0)},
        {"weights": {"engagement": 1.0}},
        {"weights": dict.fromkeys(GROUPS, -1.0)},
        {"parts": {**PARTS, "intimacy": {"events": {"Review": 1}, "full": 10}}},
        {"parts": {**PARTS, "intimacy": {"events": {"track:Review": 1}, "full": 0}}},
    ],
)
def test_what_is_no_model_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EngagementModel.read("engaged", {"parts": PARTS, **wrong})


def test_a_model_survives_as_json() -> None:
    assert EngagementModel.read("engaged", model().document()) == model()
