"""Pictures of a journey, as text: Mermaid and Graphviz DOT."""

from __future__ import annotations

import json
from typing import assert_never

from services.journeys.domain.document import Document
from services.journeys.domain.nodes import Branch, Exit, Send, Wait, ways_out

_EDGES = {"to": "again", "otherwise": "otherwise", "missing": "without a date", "exhausted": "had them all"}
_SHAPES = {"wait": ("([", "])", "ellipse"), "send": ("[", "]", "box")}
_SHAPES |= {"branch": ("{{", "}}", "diamond"), "exit": ("((", "))", "doublecircle")}


def mermaid(document: Document) -> str:
    """A Mermaid flowchart, top down."""
    lines = [
        "flowchart TD",
        f'  entry(["{_quoted(document.entry.shown)}"]) --> {_id(document.start)}',
    ]
    for node_id, node in document.nodes.items():
        left, right, _ = _SHAPES[node.type]
        lines.append(f'  {_id(node_id)}{left}"{_quoted(_label(document, node_id))}"{right}')
    for source, target, text in _edges(document):
        arrow = f'-->|"{_quoted(text)}"|' if text else "-->"
        lines.append(f"  {_id(source)} {arrow} {_id(target)}")
    return "\n".join(lines) + "\n"


def dot(document: Document) -> str:
    """A Graphviz digraph."""
    entry = _dot_text(document.entry.shown)
    lines = [f"digraph {_dot_text(document.name)} {{", f'  "entry" [label={entry} shape=oval];']
    for node_id, node in document.nodes.items():
        label = _dot_text(_label(document, node_id))
        lines.append(f'  "n_{node_id}" [label={label} shape={_SHAPES[node.type][2]}];')
    lines.append(f'  "entry" -> "n_{document.start}";')
    for source, target, text in _edges(document):
        label = f" [label={_dot_text(text)}]" if text else ""
        lines.append(f'  "n_{source}" -> "n_{target}"{label};')
    return "\n".join([*lines, "}"]) + "\n"


def _edges(document: Document) -> list[tuple[str, str, str]]:
    edges = []
    for node_id, node in document.nodes.items():
        if isinstance(node, Branch):
            edges += [(node_id, arm.next, json.dumps(arm.when, ensure_ascii=False)) for arm in node.branches]
            edges.append((node_id, node.default, "otherwise"))
        else:
            edges += [(node_id, target, _EDGES.get(path, "")) for path, target in ways_out(node)]
    return edges


def _label(document: Document, node_id: str) -> str:
    node = document.nodes[node_id]
    if isinstance(node, Wait):
        return f"{node_id}: wait {node.length}"
    if isinstance(node, Send):
        return f"{node_id}: send {node.template} ({', '.join(node.channels)})"
    if isinstance(node, Branch):
        return f"{node_id}?"
    if isinstance(node, Exit):
        return f"{node_id}: {node.reason}"
    assert_never(node)


def _id(node_id: str) -> str:
    """Mermaid reserves words such as `end`."""
    return f"n_{node_id}"


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("\n", " ")


def _dot_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'
