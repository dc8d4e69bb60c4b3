"""What scoring tells of its definitions: those that are named, and what they stand on."""

from __future__ import annotations

from services.scoring.domain.definitions import Definitions
from services.scoring.service.telling import told
from services.shared.contracts.given import DefinitionsQuestion, Named
from services.simulations.domain.defined import read_definitions

GIVEN = {
    "segments": {
        "buyers": {"condition": {"fact": "orders", "gte": 1}},
        "keen": {"condition": {"all": [{"segment": "buyers"}, {"score": "interest", "gte": 5}]}},
        "others": {"condition": {"fact": "orders", "eq": 0}},
    },
    "score_models": {"interest": {"rules": [{"event": "Product Viewed", "points": 1}]}},
}


def asked(*named: tuple[str, str]) -> dict[str, list[str]]:
    definitions = Definitions.of(1, read_definitions(GIVEN))
    answer = told(
        DefinitionsQuestion(named=[Named(kind=kind, name=name) for kind, name in named]), definitions
    )
    again = Definitions.of(1, read_definitions(answer.define))
    assert {(one.kind, one.name) for one in again.all} <= {(one.kind, one.name) for one in definitions.all}
    return {listed: sorted(by_name) for listed, by_name in answer.define.items()}


def test_a_definition_comes_with_all_that_it_stands_on_and_nothing_else() -> None:
    assert asked(("segment", "keen")) == {"segments": ["buyers", "keen"], "score_models": ["interest"]}
    assert asked(("score", "interest"), ("segment", "others")) == {
        "segments": ["others"],
        "score_models": ["interest"],
    }


def test_what_is_not_there_is_not_told() -> None:
    assert asked(("segment", "gone"), ("fact", "orders"), ("event", "track:Order Completed")) == {}
