"""What a document compiles to. Golden files: look at the difference, then write them anew on purpose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.journeys.domain.compiler import DONE, compile_document
from services.journeys.domain.diagram import dot, mermaid
from services.journeys.domain.document import Document
from services.journeys.domain.states import cuts
from services.journeys.domain.validation import read_document
from tests.support.asl_rules import broken_rules
from tests.unit.journeys.documents import REGROUPING, journey, seed

GOLDEN = Path(__file__).parent / "golden"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:on-step"
EXIT = {"type": "exit", "reason": "completed"}
SEND = {"type": "send", "template": "hello", "channels": ["email"], "next": "completed"}


def _led_to(node: dict[str, Any]) -> dict[str, Any]:
    """The nodes that one leads to, and where they lead."""
    text = json.dumps(node)
    return {name: LED_TO[name] for name in LED_TO if f'"{name}"' in text or name == "completed"}


LATER = {"type": "wait", "for": "P1D", "next": "completed"}
NODES: dict[str, dict[str, Any]] = {
    "wait": LATER,
    "long_wait": {"type": "wait", "for": "P400D", "next": "completed"},
    "wait_until": {
        "type": "wait_until",
        "date": "fact:walk.delivery_date",
        "offset": "-P1D",
        "missing": "later",
        "next": "hello",
    },
    "open_hours": {
        "type": "wait_until",
        "hours": {"from": "09:00", "to": "17:00", "days": ["mon", "tue"]},
        "next": "completed",
    },
    "wait_for": {
        "type": "wait_for",
        "event": "Order Completed",
        "timeout": "P3D",
        "next": "completed",
        "otherwise": "hello",
    },
    "send": SEND,
    "branch": {
        "type": "branch",
        "branches": [{"when": {"segment": "vip"}, "next": "hello"}],
        "default": "completed",
    },
    "split": {
        "type": "split",
        "arms": [
            {"name": "a", "percent": 10, "next": "hello"},
            {"name": "control", "percent": 90, "next": "completed", "holdout": True},
        ],
    },
    "rotation": {
        "type": "rotation",
        "templates": ["hello", "again"],
        "channels": ["email"],
        "next": "later",
        "exhausted": "completed",
    },
    "update": {"type": "update", "traits": {"met": True}, "next": "completed"},
    "task": {"type": "task", "kind": "call", "title": "Call them", "owner": "sales", "next": "completed"},
    "webhook": {"type": "webhook", "sink": "warehouse", "next": "completed"},
    "survey": {
        "type": "survey",
        "survey": "after_sale",
        "question": "nps",
        "template": "hello",
        "channels": ["email"],
        "next": "completed",
        "otherwise": "hello",
    },
    "jump": {"type": "jump", "to": "later", "at_most": 2, "otherwise": "completed"},
    "exit": {"type": "exit", "reason": "first"},
}
LED_TO = {"hello": SEND, "later": LATER, "completed": EXIT}


def compiled(raw: dict[str, Any]) -> dict[str, Any]:
    return compile_document(read_document(raw), step_function_arn=ARN)


def document_of(kind: str) -> Document:
    """A document that begins with a node of a kind. What is published is validated: this is what compiling needs."""
    nodes = {"first": NODES[kind], **_led_to(NODES[kind])}
    return Document.model_validate(journey(start="first", nodes=nodes))


@pytest.mark.parametrize("kind", NODES)
def test_each_kind_of_node_compiles_to_its_golden_file(kind: str) -> None:
    """`python -m tests.unit.journeys.export_golden` writes them anew."""
    expected = json.loads((GOLDEN / f"{kind}.json").read_text())
    assert compile_document(document_of(kind), step_function_arn=ARN) == expected


@pytest.mark.parametrize("name", ["welcome", "lapsed"])
def test_demo_journeys_compile_to_their_golden_files(name: str) -> None:
    assert compiled(seed(name)) == json.loads((GOLDEN / f"{name}.json").read_text())


MACHINES = [compile_document(document_of(kind), step_function_arn=ARN) for kind in NODES]
MACHINES += [compiled(raw) for raw in (seed("welcome"), seed("lapsed"), journey(), REGROUPING)]


@pytest.mark.parametrize("machine", MACHINES)
def test_every_machine_keeps_the_rules_of_the_language(machine: dict[str, Any]) -> None:
    """Of the States Language and of Step Functions, as far as our machines can break them."""
    assert broken_rules(machine) == []


def test_the_rules_can_be_broken() -> None:
    machine = compiled(seed("welcome"))
    states = machine["States"]
    states["Done"]["Next"] = "Nowhere"
    states["alone" * 20] = {"Type": "Wait", "Seconds": 1, "SecondsPath": "$.x", "Next": "Done"}
    states["offer"]["Parameters"]["Payload"]["due"] = "$.due"
    assert sorted(broken_rules(machine)) == [
        "Done: Next is not allowed in a Succeed",
        "Done: there is no state Nowhere",
        f"{'alone' * 20}: a name of more than 80 characters",
        f"{'alone' * 20}: cannot be reached",
        f"{'alone' * 20}: must have one of Seconds, SecondsPath, Timestamp, TimestampPath",
        "offer: $.due is a path under a key that does not say so",
    ]


@pytest.mark.parametrize("raw", [seed("welcome"), REGROUPING])
def test_only_the_default_of_a_branch_goes_on_in_the_same_execution(raw: dict[str, Any]) -> None:
    states = compiled(raw)["States"]
    for node_id, node in raw["nodes"].items():
        if node["type"] == "branch":
            after = states[f"{node_id} more?"]
            assert after["Default"] == node["default"]
            assert {c["Next"] for c in after["Choices"]} == {node_id, f"{node_id} early", DONE}


def routes(machine: dict[str, Any]) -> dict[tuple[str, bool], str]:
    """Where a cohort begins, by its node and whether it stands at that node's wait already."""
    found = {}
    for rule in machine["States"]["Route"]["Choices"]:
        tests = rule.get("And", [rule])
        found[tests[0]["StringEquals"], len(tests) == 2] = rule["Next"]
    return found


def test_a_cohort_may_begin_at_every_node_and_in_the_middle_of_every_wait() -> None:
    assert routes(compiled(REGROUPING)) == {
        ("ask", False): "Gather",
        ("week", False): "week",
        ("fork", False): "fork",
        ("thank", False): "thank",
        ("month", False): "month",
        ("remind", False): "remind",
        ("completed", False): "completed",
    }
    waiting = compile_document(document_of("wait_for"), step_function_arn=ARN)
    assert routes(waiting)["first", True] == "first until"


def test_a_wait_that_is_too_long_for_one_execution_gets_one_of_its_own() -> None:
    machine = compile_document(document_of("long_wait"), step_function_arn=ARN)
    assert machine["States"]["first more?"]["Default"] == "Done"
    assert machine["States"]["first until"]["Next"] == "completed"


def test_waits_are_cut_where_together_they_are_too_long() -> None:
    nodes = {
        f"w{i}": {"type": "wait", "for": "P120D", "next": f"w{i + 1}" if i < 4 else "completed"}
        for i in range(5)
    }
    raw = journey(start="w0", nodes={**nodes, "completed": EXIT})
    assert cuts(Document.model_validate(raw)) == {"w2", "w4"}


def test_no_personal_data_travels_in_an_execution() -> None:
    states = compiled(REGROUPING)["States"]
    for state in states.values():
        if state["Type"] == "Task":
            payload = set(state["Parameters"]["Payload"])
            assert payload == {
                "cohort.$",
                "journey.$",
                "version.$",
                "cursor.$",
                "due.$",
                "since.$",
                "node",
                "over",
            }


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
