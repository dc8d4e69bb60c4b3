"""Pictures of every kind of node. Golden files: look at the difference, then write them anew on purpose
(`python -m tests.unit.journeys.export`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from services.journeys.adapters.library_files import shelf
from services.journeys.domain.diagram import dot, edges, label, mermaid
from services.journeys.domain.nodes import Node
from services.journeys.domain.validation import read_document
from services.journeys.domain.wording import LONGEST, in_words
from tests.unit.journeys.documents import journey

GOLDEN = Path(__file__).parent / "golden"
SEND = {"type": "send", "template": "t", "channels": ["email", "sms"]}
EVERY_KIND: dict[str, Any] = {
    "day": {"type": "wait", "for": "P1DT12H", "next": "until"},
    "until": {
        "type": "wait_until",
        "date": "trait:birthday",
        "offset": "-P7D",
        "at": "09:30",
        "hours": {"from": "09:00", "to": "17:00", "days": ["mon", "tue"]},
        "zone": "Europe/Amsterdam",
        "missing": "ask",
        "next": "paid",
    },
    "paid": {"type": "wait_for", "event": "Paid", "timeout": "P7D", "next": "fit", "otherwise": "done"},
    "fit": {"type": "wait_for", "when": {"segment": "vip"}, "timeout": "P2D", "next": "fork", "otherwise": "done"},
    "fork": {
        "type": "branch",
        "branches": [
            {"when": {"all": [{"fact": "walk.ask.score", "gte": 9}, {"segment": "vip"}]}, "next": "chance"},
            {"when": {"none": [{"trait": "city", "exists": True}]}, "next": "done"},
        ],
        "default": "ask",
    },
    "chance": {
        "type": "split",
        "arms": [
            {"name": "control", "percent": 12.5, "next": "done", "holdout": True},
            {"name": "met", "percent": 87.5, "next": "hello"},
        ],
    },
    "hello": {**SEND, "next": "topic"},
    "topic": {"type": "rotation", "templates": ["a", "b"], "channels": ["email"], "next": "note", "exhausted": "done"},
    "ask": {
        "type": "survey",
        "survey": "nps",
        "question": "nps",
        "template": "q",
        "channels": ["email"],
        "next": "note",
        "otherwise": "done",
    },
    "note": {"type": "update", "traits": {"nps": "fact:walk.ask.score", "asked": True}, "next": "call"},
    "call": {"type": "task", "kind": "call", "title": "Say \"hello\" & <thanks> #1", "owner": "sales", "next": "tell"},
    "tell": {"type": "webhook", "sink": "crm", "next": "again"},
    "again": {"type": "jump", "to": "day", "at_most": 3, "otherwise": "handed"},
    "handed": {"type": "exit", "reason": "handed_over", "enter": "loyalty"},
    "done": {"type": "exit", "reason": "done"},
}  # fmt: skip
DOCUMENT = read_document(
    journey(
        start="day",
        nodes=EVERY_KIND,
        entry={"on": [{"event": "A"}, {"date": "trait:birthday", "anniversary": True, "before": "P7D"}]},
    )
)
PICTURES = {"every_kind.mmd": mermaid, "every_kind.dot": dot}


@pytest.mark.capability("001-16")
@pytest.mark.parametrize("name", PICTURES)
def test_every_kind_of_node_is_drawn(name: str) -> None:
    assert {type(node) for node in DOCUMENT.nodes.values()} == set(get_args(get_args(Node)[0]))
    assert PICTURES[name](DOCUMENT) == (GOLDEN / name).read_text()


@pytest.mark.parametrize("name", shelf())
def test_each_ready_made_journey_can_be_drawn_with_all_its_ways(name: str) -> None:
    document = read_document(shelf()[name].journey)
    picture = mermaid(document)
    assert all(f"n_{edge.source} " in picture and f" n_{edge.target}" in picture for edge in edges(document))
    for text in (picture, dot(document)):
        assert all(line.replace('\\"', "").count('"') % 2 == 0 for line in text.splitlines())


def test_numbers_stand_on_nodes_and_ways_of_a_picture_and_change_nothing_else() -> None:
    way = next(edge for edge in edges(DOCUMENT) if edge.text)
    bare = dot(DOCUMENT)
    said = dot(DOCUMENT, {way.source: '3 "here"'}, {way: "7"}, "9 entered")
    added = ("\\n9 entered", '\\n3 \\"here\\"', "\\n7")
    assert [said.count(text) for text in added] == [1, 1, 1]
    for text in added:
        said = said.replace(text, "")
    assert said == bare
    plain = next(edge for edge in edges(DOCUMENT) if not edge.text)
    assert f'"n_{plain.source}" -> "n_{plain.target}" [label="8"];' in dot(DOCUMENT, ways={plain: "8"})


def test_an_exit_that_is_called_after_its_reason_is_said_once() -> None:
    assert label(DOCUMENT, "done") == "done"
    assert label(DOCUMENT, "handed") == "handed: handed_over, on to loyalty"


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({"fact": "orders", "gte": 2}, "orders ≥ 2"),
        ({"fact": "walk.city", "in": ["A", "B"]}, "city in A, B"),
        ({"trait": "email", "exists": False}, "email is not known"),
        ({"fact": "last_order_at", "older_than": "P90D"}, "last_order_at longer ago than P90D"),
        ({"stage": "life", "eq": "lapsed", "product": "savings"}, "life of savings = lapsed"),
        ({"consent": "news", "channel": "email", "eq": "granted"}, "news by email granted"),
        ({"bucket": "s", "from": 0, "to": 10}, "0 to 10 % of s"),
        ({"event": "Ordered", "within": "P30D", "count": {"gte": 2}}, "did Ordered (count ≥ 2) in P30D"),
        ({"event": "Order Completed", "count": {"eq": 0}}, "did not Order Completed"),
        ({"event": "A", "since": {"event": "B"}, "sum": {"of": "n", "gt": 5}}, "did A (sum of n > 5) since B"),
        ({"sequence": [{"event": "A"}, {"event": "B", "absent": True}]}, "did A, then not B"),
        ({"relation": "product", "count": {"gte": 1}}, "has product (count ≥ 1)"),
        ({"any": [{"segment": "a"}, {"all": [{"segment": "b"}, {"segment": "c"}]}]}, "in a or (in b and in c)"),
        ({"none": [{"segment": "a"}]}, "not in a"),
        ({"none": [{"segment": "a"}, {"segment": "b"}]}, "neither in a nor in b"),
    ],
)  # fmt: skip
def test_conditions_are_said_in_words(when: dict[str, Any], words: str) -> None:
    assert in_words(when) == words


def test_a_long_condition_is_cut_off() -> None:
    text = in_words({"any": [{"segment": f"segment_{i}"} for i in range(50)]})
    assert len(text) <= LONGEST
    assert text.endswith("…")
