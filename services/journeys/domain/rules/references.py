"""Nodes that are named and not there; works on half-broken documents too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.journeys.domain.rules.problems import Problem

FIELDS = ("to", "next", "default", "missing", "otherwise", "exhausted")


def dangling(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """References to nodes that are not there."""
    nodes = raw.get("nodes")
    if not isinstance(nodes, dict):
        return
    start = raw.get("start")
    if isinstance(start, str) and start not in nodes:
        yield Problem("start", f"no node is called {start!r}")
    for node_id, node in nodes.items():
        for path, target in _references(node) if isinstance(node, dict) else ():
            if isinstance(target, str) and target not in nodes:
                yield Problem(f"nodes.{node_id}.{path}", f"no node is called {target!r}")


def _references(node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for field in FIELDS:
        yield field, node.get(field)
    for field in ("branches", "arms"):
        ways = node.get(field)
        for i, way in enumerate(ways if isinstance(ways, list) else ()):
            if isinstance(way, dict):
                yield f"{field}.{i}.next", way.get("next")
