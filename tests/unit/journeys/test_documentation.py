"""The reference page and the schema say what validation does."""

from __future__ import annotations

import copy
import json
import re
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from services.journeys.adapters.library_files import shelf
from services.journeys.domain.entries import WAYS
from services.journeys.domain.nodes import Node
from services.journeys.domain.rules.references import dangling
from services.journeys.domain.schema import CONDITIONS, schema
from services.journeys.domain.validation import judge
from services.journeys.domain.yaml_text import read_yaml
from tests.unit.journeys.documents import REGROUPING, journey, seed, with_node

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA = DOCS / "journeys.schema.json"
PAGE = (DOCS / "journeys.md").read_text()
EXAMPLES = [read_yaml(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
KINDS = {kind.model_fields["type"].annotation.__args__[0] for kind in get_args(get_args(Node)[0])}
CHANNELS = ["email", "sms", "push", "print", "preferred"]


def written() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), indent=2) + "\n"


@cache
def validator() -> Draft202012Validator:
    conditions = Resource.from_contents(json.loads((DOCS / CONDITIONS).read_text()))
    return Draft202012Validator(
        json.loads(written()), registry=Registry().with_resource(CONDITIONS, conditions)
    )


def completed(example: dict[str, Any]) -> dict[str, Any]:
    """A whole document around an example: a frame, and exits for nodes that it only names."""
    if "nodes" in example:
        return example
    raw = journey()
    raw["brief"]["channels"] = CHANNELS
    raw["entry"] = {
        "on": [{"event": "Order Completed", "key": "order_id", "keep": ["order_id", "delivery_date"]}]
    }
    if not set(example) <= set(raw) | {"goal", "stages"}:
        raw["goal"] = {"event": "Order Completed"}
        raw |= {"start": next(iter(example)), "nodes": copy.deepcopy(example)}
        for problem in list(dangling(raw)):
            name = problem.message.split("'")[1]
            raw["nodes"][name] = {"type": "exit", "reason": name}
    else:
        raw |= example
    return raw


def test_the_published_schema_is_the_generated_one() -> None:
    assert SCHEMA.read_text() == written(), "run python -m tests.unit.journeys.export"


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json.loads(written()))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: next(iter(example)))
def test_every_example_of_the_page_is_valid(example: dict[str, Any]) -> None:
    raw = completed(example)
    assert judge(raw).problems == []
    assert list(validator().iter_errors(raw)) == []


def test_the_page_has_an_example_of_each_kind_of_node_and_way_in() -> None:
    nodes = [node for example in EXAMPLES for node in completed(example)["nodes"].values()]
    ways = [way for example in EXAMPLES for way in example.get("entry", {}).get("on", ())]

    assert {node["type"] for node in nodes} == KINDS
    assert {name for way in ways for name in way if name in WAYS} == set(WAYS)
    assert all(f"`{kind}`" in PAGE for kind in KINDS)


@pytest.mark.parametrize("name", shelf())
def test_the_schema_accepts_the_library(name: str) -> None:
    assert [error.message for error in validator().iter_errors(shelf()[name].journey)] == []


@pytest.mark.parametrize("raw", [seed("welcome"), seed("lapsed"), journey(), REGROUPING])
def test_the_schema_accepts_good_documents(raw: dict[str, Any]) -> None:
    assert validator().is_valid(raw)


@pytest.mark.parametrize(
    "raw",
    [
        journey(name="a-b"),
        journey(title=""),
        journey(objective="fame"),
        journey(brief=None),
        journey(surprise=1),
        journey(admission="P1M"),
        journey(nodes={}),
        journey(nodes={"Upper": {"type": "exit", "reason": "x"}}),
        journey(entry={"on": [{"whim": "x"}]}),
        journey(entry={"on": [{"segment_entered": "a", "called": True}]}),
        journey(entry={"on": [{"called": True}], "reentry": "sometimes"}),
        journey(entry={"on": [{"becomes": {"fact": "orders"}}]}),
        journey(entry={"on": [{"event": "A", "where": {"prop": "x", "older_than": "P1D"}}]}),
        with_node("pause", {"type": "sleep", "next": "hello"}),
        with_node("pause", {"type": "wait", "for": "tomorrow", "next": "hello"}),
        with_node("pause", {"type": "wait_until", "at": "25:00", "next": "hello"}),
        with_node("hello", {"type": "send", "template": "t", "channels": ["fax"], "next": "fork"}),
        with_node("fork", {"type": "branch", "branches": [], "default": "bought"}),
        with_node("hello", {"type": "update", "traits": {"a": [1]}, "next": "fork"}),
    ],
)
def test_the_schema_refuses_shapes_that_validation_refuses(raw: dict[str, Any]) -> None:
    assert judge(raw).problems
    assert not validator().is_valid(raw)
