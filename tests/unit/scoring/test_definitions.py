"""Segments and score models must fit together."""

from __future__ import annotations

from typing import Any

import pytest

from services.scoring.domain.definitions import KINDS, Definitions, ScoreModel, Segment
from services.shared.errors import Invalid
from tests.unit.scoring.builders import definitions


def test_a_segment_comes_after_those_it_refers_to() -> None:
    built = definitions(
        {
            "a": {"all": [{"segment": "z"}, {"segment": "m"}]},
            "m": {"none": [{"segment": "z"}]},
            "z": {"trait": "country", "eq": "NL"},
        }
    )

    assert [one.name for one in built.segments] == ["z", "m", "a"]
    assert built.traits == {"country"}
    assert built.counted == {"track:Order Completed", "track:Unsubscribed", "track:Email Bounced"}


def test_a_circle_of_segments_is_refused() -> None:
    built = definitions({"a": {"fact": "orders", "gte": 1}, "b": {"segment": "a"}, "c": {"segment": "b"}})

    with pytest.raises(Invalid, match="in a circle: ") as refusal:
        built.with_(Segment.read("a", {"condition": {"any": [{"segment": "c"}]}}))
    assert refusal.value.code == "definition_cycle"
    with pytest.raises(Invalid, match="in a circle"):
        built.with_(Segment.read("d", {"condition": {"segment": "d"}}))


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"all": [{"fact": "ordres", "gte": 1}]}, "all.0.fact: there is no fact named 'ordres'"),
        ({"score": "love", "gte": 1}, "score: there is no score named 'love'"),
        ({"segment": "nobody"}, "segment: there is no segment named 'nobody'"),
    ],
)
def test_what_is_not_defined_cannot_be_referred_to(condition: dict[str, Any], message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        definitions({"a": condition})

    assert (refusal.value.code, refusal.value.message) == ("unknown_reference", message)


@pytest.mark.parametrize(
    ("name", "document", "code"),
    [
        ("First Order", {"condition": {"fact": "orders", "gte": 1}}, "invalid_name"),
        ("a", {"name": "b", "condition": {"fact": "orders", "gte": 1}}, "invalid_name"),
        ("a", {}, "invalid_segment"),
        ("a", {"condition": {"fact": "orders", "gte": 1}, "color": "red"}, "invalid_segment"),
        ("a", {"condition": {"fact": "orders"}}, "invalid_condition"),
    ],
)
def test_a_document_that_is_no_segment_is_refused(name: str, document: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        KINDS["segment"].parse(name, document)

    assert refusal.value.code == code


def test_a_new_definition_is_a_new_version() -> None:
    built = Definitions.of(4, [])

    assert built.with_(Segment.read("a", {"condition": {"fact": "orders", "gte": 1}})).version == 5
    assert built.with_(ScoreModel.read("m", {"rules": [{"event": "x", "points": 1}]})).version == 5
