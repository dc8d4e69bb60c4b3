"""Pictures of a journey, as text: Mermaid and Graphviz DOT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.journeys.domain.document import Document
from services.journeys.domain.nodes import (
    Branch,
    Exit,
    Jump,
    Rotation,
    Send,
    Split,
    Survey,
    Task,
    Update,
    Wait,
    WaitFor,
    WaitUntil,
    Webhook,
    ways_out,
)
from services.journeys.domain.parts import PERSON, OpenHours, spelled
from services.journeys.domain.wording import in_words

_WAITS = ("([", "])", "ellipse")
_ASKS = ("[", "]", "box")
_CHOOSES = ("{{", "}}", "diamond")
_SHAPES = {
    "wait": _WAITS,
    "wait_until": _WAITS,
    "wait_for": _WAITS,
    "branch": _CHOOSES,
    "split": _CHOOSES,
    "send": _ASKS,
    "rotation": _ASKS,
    "survey": _ASKS,
    "update": ("[/", "/]", "parallelogram"),
    "task": ("[[", "]]", "component"),
    "webhook": ("[/", "/]", "parallelogram"),
    "jump": (">", "]", "cds"),
    "exit": ("((", "))", "doublecircle"),
}


@dataclass(frozen=True)
class Edge:
    """A way from a node to the next; `path` is its field, `text` what people who take it have in common."""

    source: str
    path: str
    target: str
    text: str


def mermaid(document: Document, counts: Mapping[Edge, int] | None = None, entered: int | None = None) -> str:
    """A Mermaid flowchart, top down; with `counts`, how many took each way, and how many `entered`."""
    came = "-->" if entered is None else f'-->|"{entered:,}"|'
    lines = [
        "flowchart TD",
        f'  entry(["{_quoted(document.entry.shown)}"]) {came} {_id(document.start)}',
    ]
    for node_id, node in document.nodes.items():
        left, right, _ = _SHAPES[node.type]
        lines.append(f'  {_id(node_id)}{left}"{_quoted(label(document, node_id))}"{right}')
    for edge in edges(document):
        text = edge.text if counts is None else f"{edge.text} {counts.get(edge, 0):,}".lstrip()
        arrow = f'-->|"{_quoted(text)}"|' if text else "-->"
        lines.append(f"  {_id(edge.source)} {arrow} {_id(edge.target)}")
    return "\n".join(lines) + "\n"


def dot(
    document: Document,
    here: Mapping[str, str] | None = None,
    ways: Mapping[Edge, str] | None = None,
    entered: str = "",
) -> str:
    """A Graphviz digraph; `here`, `ways` and `entered` are said besides, of nodes, ways and the way in."""
    here, ways = here or {}, ways or {}
    entry = _dot_text(document.entry.shown, entered)
    lines = [f"digraph {_dot_text(document.name)} {{", f'  "entry" [label={entry} shape=oval];']
    for node_id, node in document.nodes.items():
        text = _dot_text(label(document, node_id), here.get(node_id, ""))
        lines.append(f'  "n_{node_id}" [label={text} shape={_SHAPES[node.type][2]}];')
    lines.append(f'  "entry" -> "n_{document.start}";')
    for edge in edges(document):
        said = [text for text in (edge.text, ways.get(edge, "")) if text]
        text = f" [label={_dot_text(*said)}]" if said else ""
        lines.append(f'  "n_{edge.source}" -> "n_{edge.target}"{text};')
    return "\n".join([*lines, "}"]) + "\n"


def edges(document: Document) -> list[Edge]:
    """Every way from node to node, in the order they are written."""
    return [
        Edge(node_id, path, target, _taken_by(node, path))
        for node_id, node in document.nodes.items()
        for path, target in ways_out(node)
    ]


def label(document: Document, node_id: str) -> str:
    """What a node does, in a line."""
    node = document.nodes[node_id]
    said = _LABELS[type(node)](node)
    if said == node_id:
        return node_id
    return f"{node_id}{said}" if said.startswith("?") else f"{node_id}: {said}"


def _taken_by(node: Any, path: str) -> str:
    """Who goes on by a field of a node; empty where everybody does."""
    if isinstance(node, Branch):
        return "otherwise" if path == "default" else in_words(node.branches[int(path.split(".")[1])].when)
    if isinstance(node, Split):
        arm = node.arms[int(path.split(".")[1])]
        return f"{arm.name} {arm.percent:g} %{' (holdout)' if arm.holdout else ''}"
    if isinstance(node, WaitFor):
        return "it happened" if path == "next" else f"not in {spelled(node.timeout)}"
    if isinstance(node, Survey):
        return "answered" if path == "next" else f"no answer in {spelled(node.timeout)}"
    if isinstance(node, Jump):
        return f"again, at most {node.at_most} times" if path == "to" else "then"
    return {"missing": "without a date", "exhausted": "had them all"}.get(path, "")


def _until(node: WaitUntil) -> str:
    parts = []
    if node.date:
        parts.append(f"{node.offset} from {node.date}" if node.offset else node.date)
    if node.at:
        parts.append(f"{node.at:%H:%M}")
    if node.hours:
        parts.append(f"open {_hours(node.hours)}")
    return f"wait until {', '.join(parts)}{'' if node.zone == PERSON else f' ({node.zone})'}"


def _hours(hours: OpenHours) -> str:
    days = "" if len(hours.days) == 7 else f" {' '.join(hours.days)}"
    return f"{hours.start:%H:%M}-{hours.end:%H:%M}{days}"


def _wait_for(node: WaitFor) -> str:
    return f"wait for {node.event}" if node.event else f"wait until {in_words(node.when or {})}"


def _by(node: Send | Rotation | Survey) -> str:
    return f"({', '.join(node.channels)})"


_LABELS: dict[type, Callable[[Any], str]] = {
    Wait: lambda node: f"wait {node.length}",
    WaitUntil: _until,
    WaitFor: _wait_for,
    Branch: lambda node: "?",
    Split: lambda node: "? by chance",
    Send: lambda node: f"send {node.template} {_by(node)}",
    Rotation: lambda node: f"send the next of {len(node.templates)} {_by(node)}",
    Survey: lambda node: f"ask {node.survey} ({node.question}) {_by(node)}",
    Update: lambda node: f"set {', '.join(node.traits)}",
    Task: lambda node: f"{node.kind} by {node.owner}: {node.title}",
    Webhook: lambda node: f"tell {node.sink}",
    Jump: lambda node: f"back to {node.to}",
    Exit: lambda node: f"{node.reason}{f', on to {node.enter}' if node.enter else ''}",
}
"""What a node of each kind does; test_pictures.py holds it against all there are."""


def _id(node_id: str) -> str:
    """Mermaid reserves words such as `end`."""
    return f"n_{node_id}"


def _quoted(text: str) -> str:
    for sign, entity in (("&", "&amp;"), ("#", "#35;"), ('"', "&quot;"), ("<", "&lt;"), ("\n", " ")):
        text = text.replace(sign, entity)
    return text


def _dot_text(*lines: str) -> str:
    said = (line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") for line in lines if line)
    return '"' + "\\n".join(said) + '"'
