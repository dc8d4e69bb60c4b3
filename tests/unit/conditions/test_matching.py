"""The index of patterns: the same answer as asking every pattern, whatever the patterns and the events."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.shared import conditions
from services.shared.conditions import matching
from services.shared.conditions.limits import Budget
from services.shared.conditions.matching import Pattern, compile_patterns
from services.shared.conditions.terms import MAX_TESTS, terms_of
from services.shared.conditions.where import Where, compile_where, parse_where

HOSTILE = [
    "'",
    '"',
    '"""',
    "\\",
    "\\'",
    "\n",
    "\r\n",
    "\u2028",
    "\u2029",
    "\x00",
    "{__import__('os')}",
    "%s%n",
    "{0.__class__}",
    "'); raise SystemExit('injected') #",
    "__class__",
    "lambda: 0",
    "\U0001f600",
    "\N{RIGHT-TO-LEFT OVERRIDE}x",
    "",
]

# Small pools, so that what patterns ask for and what events have meet often.
KEYS = ["a", "b", "c", "'", "__class__"]
SCALARS: list[Any] = [
    0,
    1,
    2,
    -1,
    1.0,
    0.5,
    True,
    False,
    "1",
    "x",
    "xy",
    "",
    "1998-06-30",
    "1998-06-30T00:00:00Z",
]
NAMES = ["track:A", "track:B", "track:*", "page:A", "page:*"]


def filters() -> st.SearchStrategy[Any]:
    scalar = st.sampled_from(SCALARS) | st.integers(-3, 3) | st.floats(-3, 3)
    text = st.sampled_from(["x", "1", "xy", "'", "19"])
    ordered = (
        st.integers(-3, 3) | st.floats(-3, 3) | st.sampled_from(["1998-06-30", "1998-07-01T00:00:00+02:00"])
    )
    literal = {
        **dict.fromkeys(("eq", "ne", "contains"), scalar),
        **dict.fromkeys(("gt", "gte", "lt", "lte"), ordered),
        **dict.fromkeys(("in", "not_in"), st.lists(scalar, min_size=1, max_size=4)),
        **dict.fromkeys(("starts_with", "ends_with"), text),
        "exists": st.booleans(),
        "between": st.lists(st.integers(-3, 3) | st.floats(-3, 3), min_size=2, max_size=2).map(sorted)
        | st.just(["1998-06-30", "1998-07-01T00:00:00Z"]),
        "near": st.just({"lat": 52, "lon": 5, "km": 10}),
    }
    key = st.sampled_from(KEYS)
    leaf = st.sampled_from(sorted(literal)).flatmap(
        lambda name: st.fixed_dictionaries(
            {"prop": key | st.lists(key, min_size=1, max_size=3), name: literal[name]}
        )
    )
    return st.recursive(
        leaf,
        lambda below: st.one_of(
            st.tuples(st.sampled_from(["all", "any", "none"]), st.lists(below, min_size=1, max_size=4)).map(
                lambda pair: {pair[0]: pair[1]}
            ),
            st.fixed_dictionaries({"line": key, "where": below}),
        ),
        max_leaves=12,
    )


def values() -> st.SearchStrategy[Any]:
    plain = st.one_of(
        st.sampled_from(SCALARS),
        st.none(),
        st.integers(-3, 3),
        st.floats(),
        st.decimals(-3, 3, places=1),
        st.sampled_from([Decimal("NaN"), Decimal("Infinity"), 10**4000, -(10**400), 2**53 + 1, 1e308]),
        st.sampled_from(
            [datetime(1998, 6, 30, tzinfo=UTC), datetime(1998, 6, 30), "52,5", {"lat": 52, "lon": 5}]
        ),
        st.sampled_from(HOSTILE) | st.text(max_size=3),
    )
    return st.recursive(
        plain,
        lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(KEYS), below, max_size=3),
        max_leaves=8,
    )


TWICE = [("gt", "lt"), ("lt", "gt"), ("gte", "ne"), ("ne", "ne"), ("eq", "eq"), ("eq", "ne")]

EVENTS = st.dictionaries(st.sampled_from(KEYS), values(), max_size=5)
PATTERNS = st.lists(st.tuples(st.sampled_from(NAMES), st.none() | filters()), max_size=12)


def where(document: Any) -> Where:
    return parse_where(document, "where", Budget(1_000))


def patterns(*documents: tuple[str, Any]) -> list[Pattern]:
    return [Pattern(key, where(document) if document is not None else None) for key, document in documents]


def asked_one_by_one(asked: Sequence[Pattern], key: str, properties: Mapping[str, Any]) -> tuple[int, ...]:
    kind, _, _ = key.partition(":")
    return tuple(
        number
        for number, pattern in enumerate(asked)
        if pattern.key in (key, f"{kind}:*")
        and (pattern.where is None or compile_where(pattern.where)(properties))
    )


@given(PATTERNS, st.lists(st.tuples(st.sampled_from(NAMES), EVENTS), min_size=1, max_size=5))
@settings(max_examples=100)
@example(
    [("track:A", {"prop": "a", "in": [1, True, 1.0]})], [("track:A", {"a": True}), ("track:A", {"a": 1})]
)
@example(
    [("track:A", {"none": [{"prop": "a", "gt": 1}]})], [("track:A", {"a": float("nan")}), ("track:A", {})]
)
@example(
    [("track:A", {"prop": "a", "between": [1, 1]})], [("track:A", {"a": 1}), ("track:A", {"a": Decimal(1)})]
)
@example([("track:A", {"prop": "a", "ne": 0})], [("track:A", {"a": [0]}), ("track:A", {"a": False})])
@example(
    [("track:A", {"all": [{"prop": "a", name: 1}, {"prop": "a", other: 3}]}) for name, other in TWICE],
    [("track:A", {"a": a}) for a in (0, 1, 2, 3, 4)],
)
@example(
    [
        ("track:A", {"prop": "a", "gt": 1}),
        ("track:A", {"prop": "a", "eq": 1}),
        ("track:A", {"prop": "a", "ne": 1}),
    ],
    [("track:A", {"a": a}) for a in (float("inf"), -float("inf"), Decimal("Infinity"), Decimal("NaN"))],
)
def test_equals_asking_every_pattern(
    documents: list[tuple[str, Any]], events: list[tuple[str, dict[str, Any]]]
) -> None:
    asked = patterns(*documents)
    matcher = compile_patterns(asked)

    for key, properties in events:
        assert matcher(key, properties) == asked_one_by_one(asked, key, properties)


@given(st.lists(filters(), min_size=1, max_size=12), st.lists(EVENTS, min_size=1, max_size=5))
@settings(max_examples=60)
@example(
    [{"line": "a", "where": {"any": [{"prop": key, "eq": 1} for key in ("a", "b", "c", "'")]}}],
    [{"a": [{"a": 1, "'": 1}]}],
)
def test_equals_it_too_where_filters_are_cut_into_small_pieces(
    documents: list[Any], events: list[dict[str, Any]]
) -> None:
    """Few bits an integer and few tests a filter: groups stay whole, and a pattern's terms lie in several integers."""
    asked = patterns(*(("track:A", document) for document in documents))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "MAX_BITS", 3)
        patch.setattr("services.shared.conditions.terms.MAX_TESTS", 5)
        matcher = compile_patterns(asked)

    for properties in events:
        assert matcher("track:A", properties) == asked_one_by_one(asked, "track:A", properties)


@pytest.mark.parametrize(
    ("operator", "literal", "verdicts"),
    [
        ("gt", 10, [False, False, False, True]),
        ("gte", 10, [False, False, True, True]),
        ("lt", 10, [True, True, False, False]),
        ("lte", 10, [True, True, True, False]),
        ("between", [9.5, 10], [False, True, True, False]),
    ],
)
def test_a_threshold_is_exact(operator: str, literal: Any, verdicts: list[bool]) -> None:
    """Many thresholds around the one that is asked, so that the search lands beside it if it can."""
    others = [("track:A", {"prop": "a", "gt": n / 4}) for n in range(30, 50)]
    matcher = compile_patterns(patterns(*others, ("track:A", {"prop": "a", operator: literal})))

    assert [20 in matcher("track:A", {"a": a}) for a in (9, 9.75, 10, 10.0001)] == verdicts


def test_numbers_follow_the_order_given_and_names_are_kept_apart() -> None:
    matcher = compile_patterns(
        patterns(
            ("track:*", None), ("track:A", {"prop": "a", "exists": True}), ("page:A", None), ("track:A", None)
        )
    )

    assert matcher("track:A", {"a": 0}) == (0, 1, 3)
    assert matcher("track:A", {}) == (0, 3)
    assert matcher("track:*", {"a": 0}) == (0,)
    assert matcher("track:a", {}) == matcher("track:", {}) == (0,)
    assert matcher("page:A", {}) == (2,)
    assert matcher("screen:A", {}) == compile_patterns([])("track:A", {}) == ()


def test_a_name_with_a_colon_is_a_name() -> None:
    matcher = compile_patterns(patterns(("track:Cart: Opened", None), ("track:*", None)))

    assert matcher("track:Cart: Opened", {}) == (0, 1)
    assert matcher("track:Cart", {}) == (1,)


@pytest.mark.parametrize("text", [*HOSTILE, "\ud800"])
def test_a_hostile_literal_is_nothing_but_a_value(text: str) -> None:
    """Quotes, line separators, format marks, code: they match themselves, as literal, as property and as name."""
    key = text or "a"
    readable = text != "\ud800"
    documents: list[Any] = [
        {"prop": key, "eq": text},
        {"prop": key, "in": [text, 1]},
        {"line": key, "where": {"prop": key, "eq": text}},
    ]
    asked = patterns(
        *((f"track:{text}", document) for document in documents if readable), (f"track:{text}", None)
    )
    matcher = compile_patterns(asked)

    assert matcher(f"track:{text}", {key: text}) == ((0, 1, 3) if readable else (0,))
    assert matcher(f"track:{text}", {key: [{key: text}]}) == ((2, 3) if readable else (0,))
    assert matcher(f"track:{text}", {key: f"{text}x"}) == ((3,) if readable else (0,))


def test_no_code_is_made_of_definitions() -> None:
    """Nothing in the language can make code: no call of exec, eval, compile, __import__, no ast, no pickle."""
    makers = {"exec", "eval", "compile", "__import__", "globals", "importlib", "ast", "types", "pickle"}
    for module in Path(conditions.__file__).parent.glob("*.py"):
        tree = ast.parse(module.read_text())
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        imported = {
            a.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for a in node.names
        }
        assert not (names | imported) & makers, module.name


CHOICE = {"any": [{"prop": key, "eq": n} for n, key in enumerate(KEYS[:4])]}
PAIR = {"any": [{"prop": "a", "eq": 0}, {"prop": "b", "eq": 1}]}


@pytest.mark.parametrize(
    "document",
    [
        {"all": [CHOICE] * 40},
        {"all": [PAIR] * 60},
        {"all": [*[PAIR] * 20, *[{"prop": "a", "exists": True}] * 100]},
        {"none": [{"all": [{"none": [one]} for one in [PAIR] * 40]}]},
        {"any": [{"all": [PAIR] * 8}] * 8},
        {"all": [{"any": [{"all": [PAIR] * 8}] * 2}] * 5},
    ],
)
def test_filters_that_would_explode_stay_in_proportion(document: Any) -> None:
    """Multiplied out, a choice of four forty times over has 10**24 terms."""
    parsed = where(document)

    assert sum(map(len, terms_of(parsed))) <= MAX_TESTS
    matcher = compile_patterns([Pattern("track:A", parsed)])
    for properties in ({"a": 0}, {"b": 1}, {"a": 1}, {}):
        assert matcher("track:A", properties) == asked_one_by_one(
            [Pattern("track:A", parsed)], "track:A", properties
        )


def test_small_choices_are_taken_apart() -> None:
    [first, *others] = terms_of(where({"all": [PAIR, CHOICE, {"prop": "c", "gt": 1}]}))

    assert len(first) == 3
    assert len(others) == 7
