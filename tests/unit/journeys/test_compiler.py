"""What a document compiles to. Golden files: look at the difference, then write them anew on purpose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.journeys.domain.compiler import compile_document
from services.journeys.domain.diagram import dot, mermaid
from services.journeys.domain.validation import read_document
from tests.unit.journeys.documents import REGROUPING, journey, seed

GOLDEN = Path(__file__).parent / "golden"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:on-step"
EXIT = {"type": "exit", "reason": "completed"}
SEND = {"type": "send", "template": "hello", "channels": ["email"], "next": "completed"}
EACH_KIND: dict[str, dict[str, Any]] = {
    "wait": {"first": {"type": "wait", "for": "P1D", "next": "completed"}, "completed": EXIT},
    "send": {"first": SEND, "completed": EXIT},
    "branch": {
        "first": {
            "type": "branch",
            "branches": [{"when": {"segment": "vip"}, "next": "hello"}],
            "default": "completed",
        },
        "hello": SEND,
        "completed": EXIT,
    },
}


def compiled(raw: dict[str, Any]) -> dict[str, Any]:
    return compile_document(read_document(raw), step_function_arn=ARN)


@pytest.mark.parametrize("kind", EACH_KIND)
def test_each_kind_of_node_compiles_to_its_golden_file(kind: str) -> None:
    expected = json.loads((GOLDEN / f"{kind}.json").read_text())
    assert compiled(journey(start="first", nodes=EACH_KIND[kind])) == expected


@pytest.mark.parametrize("name", ["welcome", "lapsed"])
def test_demo_journeys_compile_to_their_golden_files(name: str) -> None:
    assert compiled(seed(name)) == json.loads((GOLDEN / f"{name}.json").read_text())


@pytest.mark.parametrize("raw", [seed("welcome"), seed("lapsed"), journey(), REGROUPING])
def test_no_state_dangles_and_each_can_be_reached(raw: dict[str, Any]) -> None:
    machine = compiled(raw)
    states = machine["States"]
    reached, pending = set(), [machine["StartAt"]]
    while pending:
        name = pending.pop()
        if name in reached:
            continue
        reached.add(name)
        state = states[name]
        targets = [state.get("Next"), state.get("Default"), *(c["Next"] for c in state.get("Choices", []))]
        pending += [target for target in targets if target]
        assert targets != [None, None] or state["Type"] in ("Succeed", "Fail")
    assert reached == set(states)
    assert all(len(name) <= 80 for name in states)


@pytest.mark.parametrize("raw", [seed("welcome"), REGROUPING])
def test_only_the_default_of_a_branch_goes_on_in_the_same_execution(raw: dict[str, Any]) -> None:
    states = compiled(raw)["States"]
    for node_id, node in raw["nodes"].items():
        if node["type"] == "branch":
            after = states[f"{node_id} more?"]
            assert after["Default"] == node["default"]
            assert {c["Next"] for c in after["Choices"]} == {node_id, f"{node_id} early"}


def test_a_cohort_begins_at_the_entry_or_where_a_branch_sends_people() -> None:
    route = compiled(REGROUPING)["States"]["Route"]
    assert {c["StringEquals"]: c["Next"] for c in route["Choices"]} == {
        "ask": "Gather",
        "thank": "thank",
        "month": "month",
    }


def test_where_all_begin_at_one_node_no_transition_is_spent_on_routing() -> None:
    machine = compiled(seed("welcome"))
    assert machine["StartAt"] == seed("welcome")["start"]
    assert "Route" not in machine["States"]


def test_no_personal_data_travels_in_an_execution() -> None:
    states = compiled(REGROUPING)["States"]
    for state in states.values():
        if state["Type"] == "Task":
            payload = set(state["Parameters"]["Payload"])
            assert payload == {"cohort.$", "journey.$", "version.$", "cursor.$", "due.$", "since.$", "node"}


@pytest.mark.capability("001-16")
def test_a_journey_can_be_drawn() -> None:
    document = read_document(seed("welcome"))
    assert mermaid(document) == (GOLDEN / "welcome.mmd").read_text()
    assert dot(document) == (GOLDEN / "welcome.dot").read_text()


def test_text_of_a_condition_can_t_break_out_of_a_picture() -> None:
    raw = journey()
    raw["nodes"]["fork"]["branches"][0]["when"] = {"fact": 'a"]\n<b>', "eq": '"\\'}
    document = read_document(raw)
    assert "<b>" not in mermaid(document)
    assert all(line.count('"') % 2 == 0 for line in mermaid(document).splitlines())
    for line in dot(document).splitlines():
        assert line.replace("\\\\", "").replace('\\"', "").count('"') % 2 == 0
