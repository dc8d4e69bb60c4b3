"""Journey documents for tests."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

SEEDS = Path(__file__).parents[3] / "local" / "seeds" / "journeys"


def seed(name: str) -> dict[str, Any]:
    """A document of the demo."""
    return dict(json.loads((SEEDS / f"{name}.json").read_text()))


def brief(*channels: str, **changes: Any) -> dict[str, Any]:
    """A campaign brief."""
    said = {"who": "People on trial", "why": "That they stay", "needed_data": ["email"]}
    return {**said, "channels": list(channels), **changes}


def journey(**changes: Any) -> dict[str, Any]:
    """A small good document (wait, send, branch, two exits) with some keys changed."""
    document = {
        "name": "trial",
        "title": "A trial",
        "objective": "welcome",
        "angle": "lifecycle",
        "portfolio": "base",
        "brief": brief("email", "sms"),
        "entry": {"on": [{"segment_entered": "trying"}]},
        "admission": "PT1H",
        "exit_on": [{"segment_exited": "trying"}],
        "start": "pause",
        "nodes": {
            "pause": {"type": "wait", "for": "P2D", "next": "hello"},
            "hello": {"type": "send", "template": "hello", "channels": ["email"], "next": "fork"},
            "fork": {
                "type": "branch",
                "branches": [{"when": {"fact": "orders", "gte": 1}, "next": "bought"}],
                "default": "completed",
            },
            "bought": {"type": "exit", "reason": "bought"},
            "completed": {"type": "exit", "reason": "completed"},
        },
    }
    return {**copy.deepcopy(document), **changes}


def with_node(node_id: str, node: Any) -> dict[str, Any]:
    """The small good document with one node replaced or added."""
    document = journey()
    document["nodes"][node_id] = node
    return document


REGROUPING: dict[str, Any] = {
    "name": "regrouping",
    "title": "Branches that go separate ways",
    "objective": "loyalty",
    "angle": "lifecycle",
    "portfolio": "base",
    "brief": brief("email", "sms", "preferred"),
    "entry": {"on": [{"segment_entered": "in"}], "reentry": "always"},
    "admission": "PT1H",
    "exit_on": [{"segment_exited": "in"}],
    "start": "ask",
    "nodes": {
        "ask": {"type": "send", "template": "ask", "channels": ["email", "sms"], "next": "week"},
        "week": {"type": "wait", "for": "P7D", "next": "fork"},
        "fork": {
            "type": "branch",
            "branches": [
                {"when": {"fact": "orders", "gte": 3}, "next": "thank"},
                {"when": {"fact": "orders", "gte": 2}, "next": "month"},
                {"when": {"fact": "orders", "gte": 1}, "next": "bought"},
            ],
            "default": "remind",
        },
        "thank": {"type": "send", "template": "thank", "channels": ["email"], "next": "completed"},
        "month": {"type": "wait", "for": "P30D", "next": "completed"},
        "remind": {"type": "send", "template": "remind", "channels": ["preferred"], "next": "completed"},
        "bought": {"type": "exit", "reason": "bought"},
        "completed": {"type": "exit", "reason": "completed"},
    },
}
