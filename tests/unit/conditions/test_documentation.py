"""The reference page and the schema say what the parser does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from services.shared.conditions import parse
from services.shared.conditions.leaves import SECTIONS
from services.shared.conditions.operators import PLAIN
from services.shared.conditions.parsing import HEADS
from services.shared.conditions.schema import schema
from services.shared.conditions.timed import TIMED
from services.shared.errors import Invalid
from tests.unit.conditions.definitions import DEFINITIONS

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA = DOCS / "conditions.schema.json"
PAGE = (DOCS / "conditions.md").read_text()
EXAMPLES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


def written() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), indent=2, default=dict) + "\n"


def fits(value: Any, rule: dict[str, Any], root: dict[str, Any]) -> bool:
    """Validity by the keywords that the schema uses; an unknown keyword is an error of this test."""
    return all(
        _KEYWORDS[keyword](value, wanted, rule, root)
        for keyword, wanted in rule.items()
        if keyword not in _SAID
    )


_SAID = {"$schema", "title", "$defs", "additionalProperties"}
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "number": (int, float),
}


def _is_a(value: Any, names: Any) -> bool:
    named = names if isinstance(names, list) else [names]
    return any(isinstance(value, _TYPES[n]) and (n != "number" or not isinstance(value, bool)) for n in named)


def _properties(value: Any, known: dict[str, Any], rule: dict[str, Any], root: dict[str, Any]) -> bool:
    if not isinstance(value, dict):
        return True
    closed = rule.get("additionalProperties") is not False or set(value) <= set(known)
    return closed and all(fits(value[key], known[key], root) for key in value if key in known)


_KEYWORDS: dict[str, Any] = {
    "$ref": lambda v, w, r, root: fits(v, root["$defs"][w.rpartition("/")[2]], root),
    "type": lambda v, w, r, root: _is_a(v, w),
    "const": lambda v, w, r, root: v == w and type(v) is type(w),
    "enum": lambda v, w, r, root: v in w,
    "anyOf": lambda v, w, r, root: any(fits(v, one, root) for one in w),
    "oneOf": lambda v, w, r, root: sum(fits(v, one, root) for one in w) == 1,
    "not": lambda v, w, r, root: not fits(v, w, root),
    "required": lambda v, w, r, root: not isinstance(v, dict) or set(w) <= set(v),
    "properties": _properties,
    "items": lambda v, w, r, root: not isinstance(v, list) or all(fits(one, w, root) for one in v),
    "minItems": lambda v, w, r, root: not isinstance(v, list) or len(v) >= w,
    "maxItems": lambda v, w, r, root: not isinstance(v, list) or len(v) <= w,
    "minLength": lambda v, w, r, root: not isinstance(v, str) or len(v) >= w,
    "maxLength": lambda v, w, r, root: not isinstance(v, str) or len(v) <= w,
    "pattern": lambda v, w, r, root: not isinstance(v, str) or re.search(w, v) is not None,
    "minimum": lambda v, w, r, root: not isinstance(v, int | float) or v >= w,
    "maximum": lambda v, w, r, root: not isinstance(v, int | float) or v <= w,
    "exclusiveMinimum": lambda v, w, r, root: not isinstance(v, int | float) or v > w,
}


def test_the_published_schema_is_the_generated_one() -> None:
    assert SCHEMA.read_text() == written(), "run python -m tests.unit.conditions.export"


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_of_the_page_is_a_condition(example: dict[str, Any]) -> None:
    assert parse(example).document == example
    assert fits(example, json.loads(written()), json.loads(written()))


def test_the_page_names_every_kind_of_clause_and_every_operator() -> None:
    missing = [word for word in (*HEADS, *SECTIONS, *PLAIN, *TIMED) if f"`{word}`" not in PAGE]

    assert not missing


@settings(max_examples=60)
@given(DEFINITIONS)
def test_the_schema_accepts_what_parses(document: dict[str, Any]) -> None:
    root = json.loads(written())

    parse(document)
    assert fits(document, root, root)


@pytest.mark.parametrize(
    "document",
    [
        {"fact": "a"},
        {"fact": "a", "eq": 1, "ne": 2},
        {"fact": "a", "like": 1},
        {"score": "a", "older_than": "P1D"},
        {"any": []},
        {"event": "A", "sum": {"of": "n", "gt": 1}, "count": {"gte": 1}},
        {"event": "A", "where": {"prop": "a", "older_than": "P1D"}},
        {"event": "A", "sum": {"gt": 1}},
        {"event": "A", "within": "P1M"},
        {"sequence": [{"event": "A"}]},
        {"bucket": "s", "from": 0, "to": 101},
        {"consent": "n", "channel": "email", "eq": "maybe"},
        {"trait": "home", "near": {"lat": 91, "lon": 0, "km": 1}},
    ],
)
def test_the_schema_refuses_what_does_not_parse(document: dict[str, Any]) -> None:
    root = json.loads(written())

    with pytest.raises(Invalid):
        parse(document)
    assert not fits(document, root, root)
