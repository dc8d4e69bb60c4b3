"""Response models: what a document says of people, and why."""

from __future__ import annotations

import json
import math
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.scoring.domain.analysis.response import ResponseModel

DOCUMENT: dict[str, Any] = {
    "target": "answered=yes",
    "intercept": -2.0,
    "features": [
        {"kind": "bands", "name": "age", "bounds": [30, 60], "weights": [0.5, -0.25, 1.0], "missing": 0.125},
        {
            "kind": "values",
            "name": "earlier",
            "weights": {"success": 2.0, "true": 0.75, "1": 0.25, "2.5": 0.5, "2026-01-31": 1.5},
            "otherwise": -0.5,
        },
    ],
}
MODEL = ResponseModel.read("calls", DOCUMENT)

anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text("aé1-", max_size=8),
    st.sampled_from(["success", "45"]),
)


def test_a_score_by_hand() -> None:
    assert MODEL.logit({"age": 61, "earlier": "success"}) == 1.0
    assert MODEL.score({"age": 61, "earlier": "success"}) == pytest.approx(1 / (1 + math.exp(-1)))


@pytest.mark.parametrize(
    ("value", "words", "weight"),
    [
        (29.9, "below 30", 0.5),
        (30, "30 to below 60", -0.25),
        ("45", "30 to below 60", -0.25),
        (60, "60 or more", 1.0),
        (None, "not known", 0.125),
        ("old", "not known", 0.125),
        (True, "not known", 0.125),
        (float("nan"), "not known", 0.125),
        (Decimal("29.5"), "below 30", 0.5),
    ],
)
def test_where_a_number_lies(value: Any, words: str, weight: float) -> None:
    (part,) = (one for one in MODEL.explain({"age": value}) if one.feature == "age")

    assert (part.value, part.weight) == (words, weight)


@pytest.mark.parametrize(
    ("value", "words", "weight"),
    [
        ("success", "success", 2.0),
        ("never", "any other", -0.5),
        (True, "true", 0.75),
        (None, "not known", 0.0),
        ("", "not known", 0.0),
        ("otherwise", "any other", -0.5),
        (1, "1", 0.25),
        (1.0, "1", 0.25),
        (Decimal("1.00"), "1", 0.25),
        (2.5, "2.5", 0.5),
        (date(2026, 1, 31), "2026-01-31", 1.5),
    ],
)
def test_what_a_value_is_worth(value: Any, words: str, weight: float) -> None:
    (part,) = (one for one in MODEL.explain({"earlier": value}) if one.feature == "earlier")

    assert (part.value, part.weight) == (words, weight)


@given(st.dictionaries(st.sampled_from(["age", "earlier", "other"]), anything))
@settings(max_examples=100)
def test_contributions_add_up_to_the_logit_whatever_a_person_is(features: dict[str, Any]) -> None:
    parts = MODEL.explain(features)

    assert math.fsum([MODEL.intercept, *(part.weight for part in parts)]) == pytest.approx(
        MODEL.logit(features)
    )
    assert 0 < MODEL.score(features) < 1
    assert [abs(part.weight) for part in parts] == sorted((abs(p.weight) for p in parts), reverse=True)


def test_the_version_is_of_what_a_model_says() -> None:
    again = ResponseModel.read("calls", json.loads(json.dumps(MODEL.document())))
    other = ResponseModel.read("calls", {**DOCUMENT, "intercept": -2.1})
    known = ResponseModel.read("renamed", {**DOCUMENT, "trained": {"rows": 10}})

    assert again == MODEL
    assert again.version == MODEL.version == known.version
    assert other.version != MODEL.version


@pytest.mark.parametrize(
    "wrong",
    [
        {"features": [{**DOCUMENT["features"][0], "bounds": [60, 30]}]},
        {"features": [{**DOCUMENT["features"][0], "weights": [1.0]}]},
        {"features": [DOCUMENT["features"][1], DOCUMENT["features"][1]]},
        {"features": [{"kind": "code", "name": "x", "weights": {"a": 1}}]},
        {"intercept": float("inf")},
        {"intercept": 1e6},
        {"colour": "red"},
    ],
)
def test_what_is_no_model_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ResponseModel.read("calls", {**DOCUMENT, **wrong})
