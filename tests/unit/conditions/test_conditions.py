"""The condition language: what parses, what it says, why, and when time alone would change it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.shared.clock import to_iso
from services.shared.conditions import evaluate, explain, next_flip, parse, parse_duration
from services.shared.errors import Invalid

NOW = datetime(1998, 6, 30, 12, tzinfo=UTC)
VIEW: dict[str, Any] = {
    "facts": {"orders": 3, "revenue": 19.95, "last_order_at": "1998-04-01T12:00:00.000Z"},
    "traits": {"country": "NL", "vip": True, "zip": "1"},
    "scores": {"engagement": 20},
    "segments": ["buyers"],
}


@pytest.mark.parametrize(
    ("document", "verdict"),
    [
        ({"fact": "orders", "eq": 3}, True),
        ({"fact": "orders", "eq": 3.0}, True),
        ({"fact": "orders", "ne": 3}, False),
        ({"fact": "orders", "gt": 3}, False),
        ({"fact": "orders", "gte": 3}, True),
        ({"fact": "revenue", "lt": 19.96}, True),
        ({"fact": "revenue", "lte": 19.94}, False),
        ({"fact": "orders", "in": [1, 3]}, True),
        ({"trait": "country", "in": ["BE", "NL"]}, True),
        ({"trait": "country", "gt": 1}, False),
        ({"trait": "vip", "eq": True}, True),
        ({"trait": "vip", "eq": 1}, False),
        ({"trait": "vip", "gte": 1}, False),
        ({"trait": "zip", "eq": 1}, False),
        ({"trait": "zip", "ne": 1}, True),
        ({"fact": "last_order_at", "gte": "1998-04-01T12:00:00Z"}, True),
        ({"fact": "last_order_at", "gt": "1998-04-01T14:00:00+02:00"}, False),
        ({"fact": "orders", "gte": "1998-04-01T12:00:00Z"}, False),
        ({"score": "engagement", "gte": 10}, True),
        ({"segment": "buyers"}, True),
        ({"segment": "sleepers"}, False),
        ({"fact": "orders", "exists": True}, True),
        ({"fact": "nothing", "exists": True}, False),
        ({"fact": "nothing", "exists": False}, True),
        ({"fact": "last_order_at", "older_than": "P90D"}, True),
        ({"fact": "last_order_at", "within": "P90D"}, False),
        ({"fact": "last_order_at", "older_than": "PT2160H1S"}, False),
        ({"fact": "orders", "older_than": "P1D"}, False),
        ({"fact": "orders", "within": "P1D"}, False),
        ({"all": [{"segment": "buyers"}, {"fact": "orders", "gte": 4}]}, False),
        ({"any": [{"segment": "buyers"}, {"fact": "orders", "gte": 4}]}, True),
        ({"none": [{"segment": "buyers"}, {"fact": "orders", "gte": 4}]}, False),
        ({"none": [{"segment": "sleepers"}, {"fact": "orders", "gte": 4}]}, True),
    ],
)
def test_says_whether_it_holds(document: dict[str, Any], verdict: bool) -> None:
    condition = parse(document)

    assert evaluate(condition, VIEW, NOW) is verdict
    assert explain(condition, VIEW, NOW).verdict is verdict
    assert condition.document == document


@pytest.mark.parametrize("operator", ["eq", "ne", "gt", "gte", "lt", "lte"])
def test_what_is_missing_or_null_makes_comparisons_false(operator: str) -> None:
    condition = parse({"fact": "orders", operator: 1})

    assert not evaluate(condition, {}, NOW)
    assert not evaluate(condition, {"facts": {"orders": None}}, NOW)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "condition: must be an object"),
        ({}, "condition: must have exactly one of all, any, none, fact, trait, score, segment"),
        ({"all": []}, "all: must be a list of at least one condition"),
        ({"all": [{"segment": "x"}, 3]}, "all.1: must be an object"),
        ({"all": [{"segment": "x"}], "note": 1}, "note: does not belong beside all"),
        ({"fact": "orders"}, "condition: must have exactly one of eq, "),
        ({"any": [{"fact": "orders", "gt": 1, "lt": 3}]}, "any.0: must have exactly one of eq, "),
        ({"fact": "orders", "gte": True}, "gte: must be a number or an instant"),
        ({"fact": "orders", "gte": "1998-04-01T12:00:00"}, "gte: must be a number or an instant"),
        ({"fact": "orders", "gte": float("inf")}, "gte: must be a number or an instant"),
        ({"fact": "orders", "eq": None}, "eq: must not be null"),
        ({"fact": "orders", "in": [1, None]}, "in: must be a list of 1 to 200 values"),
        ({"fact": "orders", "in": []}, "in: must be a list of 1 to 200 values"),
        ({"fact": "orders", "exists": 1}, "exists: must be true or false"),
        ({"fact": "", "gte": 1}, "fact: must be a name of 1 to 200 characters"),
        ({"fact": "orders", "like": "x"}, "like: is not known here"),
        ({"score": "s", "older_than": "P1D"}, "older_than: is not known here"),
        ({"none": [{"any": [{"fact": "a", "within": "P3M"}]}]}, "none.0.any.0.within: years and months"),
    ],
)
def test_names_the_path_and_the_rule_that_is_broken(document: Any, message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse(document)

    assert refusal.value.code == "invalid_condition"
    assert refusal.value.message.startswith(message)


def test_depth_and_size_are_bounded() -> None:
    deep: dict[str, Any] = {"segment": "x"}
    for _ in range(5_000):
        deep = {"all": [deep]}
    with pytest.raises(Invalid, match="nested deeper than 16"):
        parse(deep)
    with pytest.raises(Invalid, match="over the limit of 200 clauses"):
        parse({"any": [{"segment": "x"}] * 200})


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P90D", timedelta(days=90)),
        ("P2W", timedelta(weeks=2)),
        ("PT36H", timedelta(hours=36)),
        ("P1DT2H3M4S", timedelta(days=1, hours=2, minutes=3, seconds=4)),
    ],
)
def test_reads_durations_of_fixed_length(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "90D", "P1Y", "P1M", "P1.5D", "-P1D", "P٣D", "P999999D"]
)
def test_refuses_other_durations(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|fixed length|100 years"):
        parse_duration(text)


def test_explains_each_clause_with_the_value_it_saw() -> None:
    document = {"all": [{"fact": "orders", "gte": 4}, {"fact": "last_order_at", "older_than": "P90D"}]}

    assert explain(parse(document), VIEW, NOW).document() == {
        "clause": "all",
        "verdict": False,
        "children": [
            {"clause": {"fact": "orders", "gte": 4}, "verdict": False, "seen": 3},
            {
                "clause": {"fact": "last_order_at", "older_than": "P90D"},
                "verdict": True,
                "seen": "1998-04-01T12:00:00.000Z",
            },
        ],
    }
    before = explain(parse(document), VIEW, NOW - timedelta(days=1)).document()["children"][1]
    assert before["flips_at"] == "1998-06-30T12:00:00.000Z"


def test_flips_exactly_at_instant_plus_duration() -> None:
    condition = parse({"fact": "last_order_at", "older_than": "P90D"})
    flip = datetime(1998, 6, 30, 12, tzinfo=UTC)

    assert next_flip(condition, VIEW, flip - timedelta(days=40)) == flip
    assert not evaluate(condition, VIEW, flip - timedelta(microseconds=1))
    assert evaluate(condition, VIEW, flip)
    assert next_flip(condition, VIEW, flip) is None


def test_a_clause_that_cannot_decide_gives_no_flip() -> None:
    ages = {"fact": "last_order_at", "older_than": "P365D"}

    assert next_flip(parse({"any": [{"segment": "buyers"}, ages]}), VIEW, NOW) is None
    assert next_flip(parse({"all": [{"segment": "sleepers"}, ages]}), VIEW, NOW) is None


def test_an_instant_beyond_the_calendar_never_flips() -> None:
    view = {"facts": {"last_order_at": "9999-12-31T00:00:00Z"}}

    for operator in ("older_than", "within"):
        condition = parse({"fact": "last_order_at", operator: "P90D"})
        assert not evaluate(condition, view, NOW)
        assert next_flip(condition, view, NOW) is None


def test_lists_what_it_depends_on() -> None:
    condition = parse({"all": [{"fact": "orders", "gte": 1}, {"none": [{"segment": "sleepers"}]}]})

    assert [(r.kind, r.name, r.path) for r in condition.references()] == [
        ("fact", "orders", "all.0.fact"),
        ("segment", "sleepers", "all.1.none.0.segment"),
    ]


INSTANTS = st.integers(-4_000, 4_000).map(lambda hours: NOW + timedelta(hours=hours))
SCALARS = st.one_of(st.integers(-3, 3), st.sampled_from(["NL", "BE", ""]), st.booleans(), st.floats(-3, 3))
VALUES = st.one_of(st.none(), SCALARS, INSTANTS.map(to_iso), st.lists(st.integers(), max_size=2))
NAMES = st.sampled_from(["a", "b", "c"])
DURATIONS = st.one_of(
    st.integers(0, 200).map(lambda n: f"P{n}D"), st.integers(0, 3_000).map(lambda n: f"PT{n}H")
)


@st.composite
def leaves(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["fact", "fact", "trait", "score", "segment"]))
    name = draw(NAMES)
    if kind == "segment":
        return {"segment": name}
    ages = [] if kind == "score" else ["older_than", "within"] * 3
    operator = draw(st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte", "in", "exists", *ages]))
    literals: dict[str, st.SearchStrategy[Any]] = {
        "in": st.lists(SCALARS, min_size=1, max_size=3),
        "exists": st.booleans(),
        "older_than": DURATIONS,
        "within": DURATIONS,
        "eq": SCALARS,
        "ne": SCALARS,
    }
    ordered = st.one_of(st.integers(-3, 3), INSTANTS.map(to_iso))
    return {kind: name, operator: draw(literals.get(operator, ordered))}


CONDITIONS = st.recursive(
    leaves(),
    lambda inner: st.builds(
        lambda operator, children: {operator: children},
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)
VIEWS = st.fixed_dictionaries(
    {},
    optional={
        "facts": st.dictionaries(NAMES, VALUES),
        "traits": st.dictionaries(NAMES, VALUES),
        "scores": st.dictionaries(NAMES, st.integers(-3, 3)),
        "segments": st.lists(NAMES, max_size=3),
    },
)


@settings(max_examples=50)
@given(CONDITIONS, VIEWS, INSTANTS)
def test_evaluate_is_what_explain_says(document: dict[str, Any], view: dict[str, Any], now: datetime) -> None:
    condition = parse(document)

    assert evaluate(condition, view, now) is explain(condition, view, now).verdict


@settings(max_examples=50)
@given(CONDITIONS, VIEWS, INSTANTS, st.lists(st.floats(0, 1, exclude_max=True), max_size=8))
def test_the_verdict_is_constant_until_the_next_flip_and_another_one_at_it(
    document: dict[str, Any], view: dict[str, Any], now: datetime, moments: list[float]
) -> None:
    condition = parse(document)
    verdict = evaluate(condition, view, now)

    flip = next_flip(condition, view, now)

    until = flip or now + timedelta(days=1_000)
    for moment in moments:
        assert evaluate(condition, view, now + (until - now) * moment) is verdict
    if flip is not None:
        assert flip > now
        assert evaluate(condition, view, flip - timedelta(microseconds=1)) is verdict
        assert evaluate(condition, view, flip) is not verdict
