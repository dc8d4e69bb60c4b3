"""The bank's phone campaigns: a trained score against the rule "earlier success", on people it has not seen."""

from __future__ import annotations

import csv

import pytest

from halte.analysis.checking import Check, check, hold_out
from halte.analysis.training import Leak, choose, train
from services.scoring.domain.analysis.response import ResponseModel
from tests.support.real_data import BANK_MARKETING, present
from tests.support.thorough import EXHAUSTIVE

RULE = ("poutcome", "success")
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def rows() -> Rows:
    with present(BANK_MARKETING).open(newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def trained(rows: Rows, features: list[str], seed: int) -> tuple[ResponseModel, Check]:
    answers = [row["y"] == "yes" for row in rows]
    learn, held = hold_out(answers, 0.3, seed)
    model = train("calls", "y=yes", [rows[n] for n in learn], [answers[n] for n in learn], features)
    return model, check(model, [rows[n] for n in held], [answers[n] for n in held], RULE)


@pytest.mark.parametrize("seed", range(1, 4 if EXHAUSTIVE else 2))
def test_the_best_tenth_beats_the_rule_on_people_it_has_not_seen(rows: Rows, seed: int) -> None:
    model, found = trained(rows, choose(rows[0], "y"), seed)

    assert "duration" not in {feature.name for feature in model.features}
    assert found.rule_hits is not None
    assert found.top.hits > 1.4 * found.rule_hits
    assert found.top.interval().low > 2.5 * found.everybody.rate
    assert 0.72 < found.area < 0.82
    assert not any(one.suspicious for one in found.singles)


def test_a_model_with_the_leak_looks_better_than_it_is_and_is_refused(rows: Rows) -> None:
    """The length of the call is known only after it. Whoever skips the check sees the leak by the figures."""
    features = choose(rows[0], "y")
    _, honest = trained(rows, features, seed=1)
    _, leaking = trained(rows, [*features, "duration"], seed=1)

    assert leaking.area > honest.area + 0.1
    assert [one.feature for one in leaking.singles if one.suspicious] == ["duration"]
    with pytest.raises(Leak, match="duration: how long a call lasted"):
        choose(rows[0], "y", [*features, "duration"])


def test_training_again_gives_the_same_model_to_the_last_digit(rows: Rows) -> None:
    features, some = choose(rows[0], "y"), rows[::3]

    first, again = trained(some, features, seed=3)[0], trained(some, features, seed=3)[0]
    other = trained(some, features, seed=4)[0]

    assert first.document() == again.document()
    assert first.version != other.version
