"""Scores that were learned, in standings: what they see, what they say of it, and when time changes them."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.scoring.domain.definitions import Definitions, Segment
from services.scoring.domain.definitions.predictions import LONGEST
from services.scoring.domain.definitions.scores import read_model
from services.scoring.domain.judging import let_time_pass, take_in
from services.scoring.domain.seeing import explained_scores, known, numbers
from services.scoring.domain.standing import ProfileStanding
from services.shared.conditions import evaluate
from services.shared.contracts.ingest import CustomerEvent
from tests.unit.scoring.builders import change, event, on, order

START = on("2026-01-01")
DAY = timedelta(days=1)

ANSWERS: dict[str, Any] = {
    "target": "answers",
    "intercept": -1.0,
    "features": [
        {"kind": "bands", "name": "orders", "bounds": [1, 3], "weights": [-1.0, 0.5, 2.0]},
        {"kind": "values", "name": "club", "weights": {"true": 0.75}},
    ],
}
RETURNS: dict[str, Any] = {
    "horizon_days": 180,
    "intercept": 2.0,
    "recency": 0.75,
    "likeness": 0.5,
    "margin": 0.4,
    "active": {"name": "active", **ANSWERS},
}


def by(model: dict[str, Any], *segments: tuple[str, dict[str, Any]]) -> Definitions:
    conditions = (Segment.read(name, {"condition": condition}) for name, condition in segments)
    return Definitions.of(1, [read_model("m", model), *conditions])


def standing_of(model: dict[str, Any], *events: CustomerEvent, **traits: Any) -> ProfileStanding:
    found = take_in("prf_1", None, [change(1, *events, **traits)], by(model), START)
    assert found is not None
    return found


def test_a_response_score_sees_facts_and_traits_and_says_why() -> None:
    standing = standing_of(ANSWERS, order(START), club=True, other="x")

    told = explained_scores(standing, by(ANSWERS), START)["m"]
    logit = -1.0 + sum(row["weight"] for row in told["because"])
    assert standing.scores["m"] == told["score"] == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-6)
    assert {row["feature"]: row["value"] for row in told["because"]} == {
        "club": "true",
        "orders": "1 to below 3",
    }
    assert standing.traits == {"club": True}, "what no model asks for is not kept"
    assert len(told["version"]) == 16


def test_a_trait_that_changes_changes_the_score_and_is_told() -> None:
    before = standing_of(ANSWERS, order(START))
    after = take_in("prf_1", before, [change(2, event("Joined", START), club=True)], by(ANSWERS), START)

    assert after is not None
    assert after.scores["m"] > before.scores["m"]
    assert [(one.model, one.previous) for one in after.scored] == [("m", before.scores["m"])]


def test_a_trait_cannot_pass_for_a_fact() -> None:
    assert (
        standing_of(ANSWERS, event("Visit", START), orders=9).scores
        == standing_of(ANSWERS, event("Visit", START)).scores
    )


@pytest.mark.capability("000-12")
def test_the_value_of_a_return_is_probability_times_margin_with_its_reasons() -> None:
    standing = standing_of(RETURNS, order(START - 99 * DAY, 100), order(START - 120 * DAY, 50), club=True)

    told = explained_scores(standing, by(RETURNS), START)["m"]
    chance = 1 / (1 + math.exp(-(2.0 - 0.75 * math.log(100) + 0.5 * (-1.0 + 0.5 + 0.75))))
    assert (told["days"], told["margin"]) == (99, 30)
    assert told["probability"] == pytest.approx(chance, abs=1e-6)
    assert standing.scores["m"] == told["score"] == round(chance * 30, 2)
    assert [row["feature"] for row in told["because"]] == ["club", "orders"]
    assert standing_of(RETURNS, event("Visit", START)).scores == {"m": 0}, "who never bought cannot come back"


@pytest.mark.capability("000-12")
@given(st.integers(1, 400), st.integers(1, 400), st.booleans())
@settings(max_examples=40)
def test_the_more_recent_and_the_more_alike_rank_first(one: int, other: int, both: bool) -> None:
    near, far = (
        standing_of(RETURNS, order(START - day * DAY, 100), club=both) for day in sorted((one, other))
    )
    unlike = standing_of(RETURNS, order(START - min(one, other) * DAY, 100))

    assert near.scores["m"] >= far.scores["m"]
    assert (near.scores["m"] > unlike.scores["m"]) == both


@given(st.floats(1, 34), st.integers(0, 3_000))
@settings(max_examples=60)
def test_time_alone_takes_somebody_out_at_the_moment_the_value_falls(least: float, after: int) -> None:
    """Exactly when it is due, the verdict is another; a millisecond before, it is not."""
    all_of_them = by(RETURNS, ("worth_it", {"score": "m", "gte": round(least, 2)}))
    standing = take_in("prf_1", None, [change(1, order(START, 100))], all_of_them, START)
    assert standing is not None
    inside = "worth_it" in standing.segments
    condition = all_of_them.segments[0].condition
    view = known(standing, standing.memory, all_of_them)
    later = START + after * DAY

    assert inside == evaluate(condition, view, START)
    if standing.due_at is None:
        assert evaluate(condition, view, later) == inside
        return
    assert evaluate(condition, view, standing.due_at - timedelta(milliseconds=1))
    gone = let_time_pass(standing, all_of_them, standing.due_at)
    assert gone is not None
    assert (gone.segments, gone.due_at) == ({}, None)
    assert evaluate(condition, view, later) == (later < standing.due_at)


def test_after_ten_years_nothing_changes_any_more() -> None:
    standing = standing_of(RETURNS, order(START, 1_000_000))
    curve = known(standing, standing.memory, by(RETURNS))["scores"]
    last = START + LONGEST * DAY

    assert numbers(curve, last) == numbers(curve, last + 900 * DAY) != numbers(curve, last - 30 * DAY)


@pytest.mark.parametrize(
    "wrong",
    [
        {**ANSWERS, "features": [{"kind": "bands", "name": "a", "bounds": [2, 1], "weights": [1, 2, 3]}]},
        {**ANSWERS, "more": 1},
        {**RETURNS, "recency": 0},
        {**RETURNS, "margin": 1.5},
    ],
)
def test_what_is_no_model_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read_model("m", wrong)


@pytest.mark.parametrize("document", [ANSWERS, RETURNS], ids=["response", "reactivation"])
def test_a_model_reads_back_as_it_was_written(document: dict[str, Any]) -> None:
    model = read_model("m", document)
    assert read_model("m", model.document()) == model
