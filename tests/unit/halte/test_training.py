"""Training: what is learned is what is there; nothing is learned from what is known afterwards."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from halte.analysis.checking import check, hold_out
from halte.analysis.training import KNOWN_AFTER, Leak, Unlearnable, choose, train
from services.scoring.domain.analysis.evidence import Share
from services.scoring.domain.analysis.response import Bands, ResponseModel, Values


def test_weights_of_one_feature_are_the_logits_of_its_shares() -> None:
    """With so many people the penalty hardly counts; the answer is known in closed form."""
    rows = [{"seen": "yes"}] * 20_000 + [{"seen": "no"}] * 20_000
    answers = ([True] * 6_000 + [False] * 14_000) + ([True] * 2_000 + [False] * 18_000)

    model = train("m", "y", rows, answers, ["seen"])

    assert model.score({"seen": "yes"}) == pytest.approx(0.3, abs=0.0005)
    assert model.score({"seen": "no"}) == pytest.approx(0.1, abs=0.0005)


def test_the_planted_features_are_found_and_the_others_weigh_little() -> None:
    rng = random.Random(4)
    rows: list[dict[str, Any]] = [
        {"age": rng.randint(18, 90), "earlier": rng.choice(["yes", "no", ""]), "noise": rng.choice("abc")}
        for _ in range(6_000)
    ]
    answers = [
        rng.random() < 1 / (1 + math.exp(2 - 1.5 * (r["earlier"] == "yes") - 1.0 * (r["age"] > 60)))
        for r in rows
    ]

    model = train("m", "y", rows, answers, ["age", "earlier", "noise"])

    age, earlier, noise = model.features
    assert isinstance(age, Bands)
    assert isinstance(earlier, Values)
    assert isinstance(noise, Values)
    assert age.weights[-1] - age.weights[0] == pytest.approx(1.0, abs=0.3)
    assert earlier.weights["yes"] - earlier.weights["no"] == pytest.approx(1.5, abs=0.3)
    assert earlier.missing == pytest.approx(earlier.weights["no"], abs=0.3)
    assert max(map(abs, noise.weights.values())) < 0.15


def test_a_feature_that_separates_perfectly_does_not_run_away() -> None:
    rows = [{"side": "left"}] * 50 + [{"side": "right"}] * 50

    model = train("m", "y", rows, [True] * 50 + [False] * 50, ["side"])

    assert model.score({"side": "left"}) > 0.9
    assert all(abs(weight) < 10 for weight in model.features[0].weights.values())  # type: ignore[union-attr]


def test_identifiers_and_constants_are_no_features() -> None:
    rows = [{"id": f"x{n}", "same": "a", "kind": "ab"[n % 2]} for n in range(200)]
    answers = [n % 3 == 0 for n in range(200)]

    assert [f.name for f in train("m", "y", rows, answers, ["id", "same", "kind"]).features] == ["kind"]
    with pytest.raises(Unlearnable, match="no_features"):
        train("m", "y", rows, answers, ["id", "same"])
    with pytest.raises(Unlearnable, match="too_few_answers"):
        train("m", "y", rows, [True] * 200, ["kind"])


def test_texts_and_very_many_columns_are_no_features() -> None:
    answers = [n % 2 == 0 for n in range(100)]
    rows = [
        {"text": "x" * 200 if n % 3 else "y", **{f"c{k}": "ab"[n % 2] for k in range(101)}}
        for n in range(100)
    ]

    assert train("m", "y", rows, answers, ["text", "c1"]).score({"text": "x" * 200}) > 0
    with pytest.raises(Unlearnable, match="too_many_features"):
        train("m", "y", rows, answers, [f"c{k}" for k in range(101)])


def test_numbers_are_cut_where_the_people_are() -> None:
    """Two thirds have one order: a band of their own; the others are told apart all the same."""
    rows = [{"orders": 1}] * 200 + [{"orders": 2 + n % 10} for n in range(100)]

    (orders,) = train("m", "y", rows, [n % 2 == 0 for n in range(300)], ["orders"]).features

    assert isinstance(orders, Bands)
    assert orders.bounds == (2.0, 4.0, 6.0, 9.0)


def test_what_is_known_afterwards_is_refused_by_name_with_the_reason() -> None:
    with pytest.raises(Leak) as refused:
        choose(["age", "duration", "y"], "y", ["age", "duration"])

    assert refused.value.code == "known_after"
    assert refused.value.message.startswith("duration: how long a call lasted is known only when it is over")
    with pytest.raises(Leak, match="it is the answer"):
        choose(["age", "y"], "y", ["y"])
    with pytest.raises(Unlearnable, match="unknown_column"):
        choose(["age", "y"], "y", ["income"])


def test_unasked_it_is_left_out_and_others_can_be_named() -> None:
    columns = ["age", "duration", "pages", "y"]

    assert choose(columns, "y") == ["age", "pages"]
    assert choose(columns, "y", (), {**KNOWN_AFTER, "pages": "counted after the order"}) == ["age"]


def test_held_out_people_are_as_likely_to_answer_and_nobody_is_on_both_sides() -> None:
    answers = [n % 10 == 0 for n in range(1_000)]

    learn, held = hold_out(answers, 0.3, seed=1)

    assert (len(held), sum(answers[n] for n in held)) == (300, 30)
    assert sorted([*learn, *held]) == list(range(1_000))
    assert hold_out(answers, 0.3, seed=1) == (learn, held)
    assert hold_out(answers, 0.3, seed=2) != (learn, held)


def test_a_rule_gets_as_many_people_as_the_model() -> None:
    """Of 40 people 4 are chosen: the rule names 2 (both answer), and 2 more by lot of 38, of whom 4 answer."""
    model = ResponseModel.read(
        "m",
        {
            "target": "y",
            "intercept": 0,
            "features": [{"kind": "values", "name": "k", "weights": {"a": 1.0}}],
        },
    )
    rows = [{"k": "a"}] * 4 + [{"k": "r"}] * 2 + [{"k": "z"}] * 34
    answers = [True, True, True, False] + [True, True] + [True] + [False] * 33

    found = check(model, rows, answers, ("k", "r"))

    assert found.top == Share(3, 4)
    assert found.everybody == Share(6, 40)
    assert found.rule_hits == pytest.approx(2 + 2 * 4 / 38)
