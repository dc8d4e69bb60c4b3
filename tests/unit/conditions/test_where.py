"""Filters on the properties of an event: what parses, what passes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.shared.conditions.limits import Budget
from services.shared.conditions.where import compile_where, parse_where
from services.shared.errors import Invalid

ORDER: dict[str, Any] = {
    "total": 59.5,
    "coupon": None,
    "gift": True,
    "code": "1",
    "shipping": {"country": "NL", "address": {"zip": "1012"}},
    "products": [
        {"sku": "tea", "price": 4, "tags": ["bio"], "parts": [{"colour": "red"}]},
        "not a line",
        {"sku": "mug", "price": 12},
    ],
}


@pytest.mark.parametrize(
    ("document", "verdict"),
    [
        ({"prop": "total", "gte": 59.5}, True),
        ({"prop": "total", "gt": 59.5}, False),
        ({"prop": "gift", "eq": True}, True),
        ({"prop": "gift", "eq": 1}, False),
        ({"prop": "code", "eq": 1}, False),
        ({"prop": "code", "ne": 1}, True),
        ({"prop": "coupon", "ne": "x"}, False),
        ({"prop": "coupon", "not_in": ["x"]}, False),
        ({"prop": "coupon", "exists": False}, True),
        ({"prop": "nothing", "exists": True}, False),
        ({"prop": ["shipping", "country"], "in": ["BE", "NL"]}, True),
        ({"prop": ["shipping", "address", "zip"], "starts_with": "10"}, True),
        ({"prop": ["shipping", "country", "zip"], "exists": False}, True),
        ({"line": "products", "where": {"prop": "sku", "eq": "mug"}}, True),
        ({"line": "products", "where": {"prop": "sku", "exists": False}}, False),
        (
            {
                "line": "products",
                "where": {"all": [{"prop": "sku", "eq": "tea"}, {"prop": "price", "gt": 4}]},
            },
            False,
        ),
        ({"line": "products", "where": {"line": "parts", "where": {"prop": "colour", "eq": "red"}}}, True),
        ({"line": "total", "where": {"prop": "sku", "exists": False}}, False),
        ({"none": [{"line": "products", "where": {"prop": "price", "gt": 12}}]}, True),
        ({"any": [{"prop": "total", "lt": 1}, {"prop": "gift", "exists": True}]}, True),
        ({"all": [{"prop": "total", "lt": 1}, {"prop": "gift", "exists": True}]}, False),
    ],
)
def test_says_whether_an_event_passes(document: dict[str, Any], verdict: bool) -> None:
    where = parse_where(document, "where", Budget())

    assert compile_where(where)(ORDER) is verdict
    assert where.document == document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("x", "where: must be an object"),
        ({}, "where: must have exactly one of all, any, none, prop, line"),
        ({"all": [], "prop": "x"}, "where: must have exactly one of all, any, none, prop, line"),
        ({"any": []}, "where.any: must be a list of at least one filter"),
        ({"any": [{"prop": "x", "eq": 1}, 3]}, "where.any.1: must be an object"),
        ({"all": [{"prop": "x", "eq": 1}], "note": 1}, "where.note: does not belong beside all"),
        ({"prop": "x", "eq": 1, "note": 1}, "where.note: does not belong beside prop"),
        ({"prop": "x", "eq": 1, "\ud800": 1}, "where.\\ud800: does not belong beside prop"),
        ({"prop": "x"}, "where: must have exactly one of eq, ne, "),
        ({"prop": "x", "eq": 1, "ne": 2}, "where: must have exactly one of eq, ne, "),
        ({"prop": "x", "older_than": "P1D"}, "where: must have exactly one of eq, ne, "),
        ({"prop": "", "eq": 1}, "where.prop: must be text of 1 to 200 characters"),
        ({"prop": [], "eq": 1}, "where.prop: must be text of 1 to 200 characters"),
        ({"prop": ["a"] * 6, "eq": 1}, "where.prop: must be text of 1 to 200 characters"),
        ({"prop": ["a", 1], "eq": 1}, "where.prop: must be text of 1 to 200 characters"),
        ({"prop": {"a": 1}, "eq": 1}, "where.prop: must be text of 1 to 200 characters"),
        ({"none": [{"prop": "x", "gt": True}]}, "where.none.0.gt: must be a number or an instant"),
        ({"prop": "x", "eq": float("nan")}, "where.eq: must be text of at most 500 characters, a finite"),
        ({"prop": "x", "lt": float("inf")}, "where.lt: must be a number or an instant"),
        ({"prop": "x", "in": []}, "where.in: must be a list of 1 to 200 values"),
        ({"prop": "x", "in": [[1]]}, "where.in: must be a list of 1 to 200 values"),
        ({"line": ["a"], "where": {"prop": "x", "eq": 1}}, "where.line: must be text"),
        ({"line": "a"}, "where.where: is missing"),
        ({"line": "a", "where": {"prop": "x"}}, "where.where: must have exactly one of eq"),
        ({"line": "a", "where": {"prop": "x", "eq": 1}, "eq": 1}, "where.eq: does not belong beside line"),
    ],
)
def test_names_the_path_and_the_rule_that_is_broken(document: Any, message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_where(document, "where", Budget())

    assert refusal.value.code == "invalid_condition"
    assert refusal.value.message.startswith(message)
    json.dumps(refusal.value.message, ensure_ascii=False).encode()


def test_depth_and_size_are_bounded_with_the_condition_around_it() -> None:
    deep: dict[str, Any] = {"prop": "x", "eq": 1}
    for level in range(5_000):
        deep = {"none": [deep]} if level % 2 else {"line": "x", "where": deep}
    with pytest.raises(Invalid, match="nested deeper than 16"):
        parse_where(deep, "where", Budget())

    wide = {"any": [{"prop": "x", "eq": 1}] * 100}
    budget = Budget()
    parse_where(wide, "where", budget)
    with pytest.raises(Invalid, match=r"any\.98: is over the limit of 200 clauses"):
        parse_where(wide, "where", budget)
    with pytest.raises(Invalid, match="nested deeper than 16"):
        parse_where({"all": [{"prop": "x", "eq": 1}]}, "where", Budget(), depth=16)
