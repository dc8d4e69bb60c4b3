"""Which documents may be published, and what is said about the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.journeys.domain.nodes import Wait
from services.journeys.domain.validation import InvalidJourney, judge, read_document
from tests.unit.journeys.documents import REGROUPING, brief, journey, seed, with_node

WAIT = {"type": "wait", "for": "P2D", "next": "hello"}
SEND = {"type": "send", "template": "hello", "channels": ["email"], "next": "fork"}


def problems_of(raw: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidJourney) as refused:
        read_document(raw)
    return {p.path: p.message for p in refused.value.problems}


@pytest.mark.parametrize("raw", [seed("welcome"), seed("lapsed"), journey(), REGROUPING])
def test_good_documents_are_read(raw: dict[str, Any]) -> None:
    document = read_document(raw)
    assert document.name == raw["name"]
    assert set(document.nodes) == set(raw["nodes"])


def test_durations_become_lengths() -> None:
    document = read_document(seed("welcome"))
    node = document.nodes["wait_30_days"]
    assert isinstance(node, Wait)
    assert node.duration == timedelta(days=30)
    assert document.admission == timedelta(days=1)


@pytest.mark.parametrize(
    ("raw", "path", "rule"),
    [
        (journey(name="Trial"), "name", "match pattern"),
        (journey(name="a-b"), "name", "match pattern"),
        (journey(name="x" * 41), "name", "match pattern"),
        (journey(title=""), "title", "at least 1"),
        (journey(objective=""), "objective", "Input should be"),
        (journey(surprise=1), "surprise", "not permitted"),
        (journey(brief=None), "brief.why", "required"),
        (journey(brief=brief("email", "sms", who="")), "brief.who", "at least 1"),
        (journey(brief=brief("email", "sms", why=" ")), "brief.why", "at least 1"),
        (journey(brief=brief()), "brief.channels", "at least 1"),
        (journey(brief=brief("fax")), "brief.channels.0", "'email'"),
        (journey(brief=brief("sms")), "nodes.hello.channels", "'email' is not in brief.channels"),
        (journey(brief=brief("email", needed_data="email")), "brief.needed_data", "valid list"),
        (journey(brief=brief("email", needed_data=[""])), "brief.needed_data.0", "at least 1"),
        (journey(brief=brief("email", budget=1)), "brief.budget", "not permitted"),
        (
            journey(entry={"on": [{"segment_entered": "a"}], "reentry": "sometimes"}),
            "entry.reentry",
            "'never' or 'always'",
        ),
        (journey(entry={}), "entry.on", "Field required"),
        (journey(entry={"on": [{"whim": "x"}]}), "entry.on.0", "must have one of event, segment_entered"),
        (
            journey(entry={"on": [{"segment_entered": "a", "called": True}]}),
            "entry.on.0.called",
            "Extra inputs",
        ),
        (journey(entry={"event": "Order Completed"}), "entry.event", "not permitted"),
        (journey(admission="1 day"), "admission", "ISO 8601"),
        (journey(admission="P1M"), "admission", "no fixed length"),
        (journey(admission="P8D"), "admission", "PT0S to P7D"),
        (journey(admission=60), "admission", "ISO 8601"),
        (journey(exit_on=[{"segment": "x"}]), "exit_on.0", "must have one of segment_exited, event, when"),
        (journey(start="nowhere"), "start", "no node is called 'nowhere'"),
        (journey(start="completed"), "start", "is an exit"),
        (journey(nodes={}), "nodes", "at least 1"),
        (journey(nodes=[]), "nodes", "valid dictionary"),
        (with_node("pause", {**WAIT, "for": "P1Y"}), "nodes.pause.for", "no fixed length"),
        (with_node("pause", {**WAIT, "for": "tomorrow"}), "nodes.pause.for", "ISO 8601"),
        (with_node("pause", {**WAIT, "for": "PT0S"}), "nodes.pause.for", "longer than nothing"),
        (
            {**with_node("pause", {**WAIT, "for": "P3645D"}), "admission": "P7D"},
            "nodes",
            "admission included",
        ),
        (with_node("pause", {**WAIT, "for": "P3650D"}), "nodes", "the limit is 3650"),
        (with_node("pause", {**WAIT, "for": "P3651D"}), "nodes.pause.for", "at most 3650 days"),
        (with_node("pause", {**WAIT, "until": "noon"}), "nodes.pause.until", "not permitted"),
        (with_node("pause", {"type": "wait", "next": "hello"}), "nodes.pause.for", "required"),
        (with_node("pause", {**WAIT, "next": "gone"}), "nodes.pause.next", "no node is called 'gone'"),
        (with_node("pause", {**WAIT, "type": "sleep"}), "nodes.pause", "'sleep'"),
        (with_node("pause", {"for": "P1D"}), "nodes.pause", "discriminator"),
        (with_node("pause", "P1D"), "nodes.pause", "valid dictionary"),
        (with_node("hello", WAIT), "nodes.pause.next", "is the wait 'hello': write one wait"),
        (with_node("hello", {**SEND, "channels": []}), "nodes.hello.channels", "at least 1"),
        (with_node("hello", {**SEND, "channels": ["fax"]}), "nodes.hello.channels.0", "'email'"),
        (with_node("hello", {**SEND, "channels": ["sms", "sms"]}), "nodes.hello.channels", "twice"),
        (with_node("hello", {**SEND, "template": "../x"}), "nodes.hello.template", "match pattern"),
        (with_node("hello", {**SEND, "next": "pause"}), "nodes.pause", "a loop that no jump ends"),
        (with_node("hello", {**SEND, "next": "hello"}), "nodes.hello", "hello -> hello"),
        (with_node("completed", {"type": "exit"}), "nodes.completed.reason", "required"),
        (with_node("lonely", {"type": "exit", "reason": "x"}), "nodes.lonely", "can't be reached"),
        (with_node("Upper", {"type": "exit", "reason": "x"}), "nodes.Upper", "match pattern"),
        (
            with_node("fork", {"type": "branch", "branches": [], "default": "bought"}),
            "nodes.fork.branches",
            "at least",
        ),
    ],
)
def test_each_broken_rule_is_named_by_path(raw: dict[str, Any], path: str, rule: str) -> None:
    assert rule in problems_of(raw)[path]


@pytest.mark.parametrize(
    ("when", "path", "rule"),
    [
        ({"fact": "orders"}, "nodes.fork.branches.0.when", "exactly one of"),
        ({"all": []}, "nodes.fork.branches.0.when.all", "at least one"),
        ({"fact": "orders", "gte": "many"}, "nodes.fork.branches.0.when.gte", "number"),
        (
            {"any": [{"trait": "country", "eq": "NL"}, {"trait": "country", "gte": []}]},
            "nodes.fork.branches.0.when.any.1.gte",
            "number",
        ),
    ],
)
def test_conditions_are_judged_too(when: dict[str, Any], path: str, rule: str) -> None:
    fork = {"type": "branch", "branches": [{"when": when, "next": "bought"}], "default": "completed"}
    assert rule in problems_of(with_node("fork", fork))[path]


def test_all_problems_come_at_once() -> None:
    raw = journey(title="", start="nowhere", extra=1)
    raw["nodes"]["pause"] = {"type": "wait", "for": "soon", "next": "gone"}
    raw["nodes"]["hello"] = {"type": "shout"}
    assert set(problems_of(raw)) == {
        "title",
        "extra",
        "start",
        "nodes.pause.for",
        "nodes.pause.next",
        "nodes.hello",
    }


def test_a_document_without_a_way_out_is_refused() -> None:
    nodes = {"a": {"type": "send", "template": "t", "channels": ["email"], "next": "a"}}
    assert "no exit can be reached" in problems_of(journey(start="a", nodes=nodes))["nodes"]


@pytest.mark.capability("000-5")
def test_a_journey_without_a_brief_names_all_that_a_brief_says() -> None:
    raw = journey()
    del raw["brief"]
    assert set(problems_of(raw)) == {"brief.who", "brief.why", "brief.channels", "brief.needed_data"}


def test_data_that_nobody_may_collect_is_named() -> None:
    raw = journey(brief=brief("email", needed_data=["email", "plan", "iban"]))
    assert [p.path for p in judge(raw, {"email", "plan"}).problems] == ["brief.needed_data.2"]
    assert judge(raw, None).problems == []


def test_a_node_missing_everywhere_is_named_once_per_reference() -> None:
    found = problems_of({"name": "x"})
    assert {"title", "objective", "entry", "start", "nodes"} <= set(found)
