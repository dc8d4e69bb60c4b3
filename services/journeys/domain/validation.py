"""Everything that is wrong with a journey document, at once and by path."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from services.journeys.domain import graph
from services.journeys.domain.document import Document
from services.journeys.domain.nodes import Arm, Branch, Exit, Node, Send, Wait
from services.shared.conditions import parse
from services.shared.errors import Invalid

LONGEST_WALK = timedelta(days=360)
"""A Step Functions execution ends after a year."""

LONGEST_ADMISSION = timedelta(days=7)

_NODE: TypeAdapter[Any] = TypeAdapter(Node)
_ANY_NODE = {"type": "exit", "reason": "any"}


@dataclass(frozen=True)
class Problem:
    """One broken rule: `path` in the document, and the rule."""

    path: str
    message: str


class InvalidJourney(Invalid):
    """A document that can't be published; `problems` lists all that is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("invalid_journey", "; ".join(f"{p.path}: {p.message}" for p in problems))
        self.problems = problems


def read_document(raw: Mapping[str, Any]) -> Document:
    """The document of a JSON object.

    Raises:
        InvalidJourney: it breaks at least one rule.
    """
    problems = [*_frame_problems(raw), *_nodes_problems(raw.get("nodes"))]
    if problems:
        raise InvalidJourney([*problems, *_dangling_in(raw)])
    document = Document.model_validate(raw)
    problems = [*_value_problems(document), *_dangling_in(raw)]
    if not any(p.message.startswith("no node") for p in problems):
        problems += _graph_problems(document)
    if problems:
        raise InvalidJourney(problems)
    return document


def _frame_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong outside the nodes' bodies; the nodes themselves are judged one by one."""
    frame = {**raw, "brief": raw.get("brief") or {}}  # each of its fields is missing by name
    if isinstance(frame.get("nodes"), dict):
        frame["nodes"] = dict.fromkeys(frame["nodes"], _ANY_NODE)
    try:
        Document.model_validate(frame)
    except ValidationError as error:
        yield from _problems_of(error, "", skip=0)


def _nodes_problems(nodes: Any) -> Iterator[Problem]:
    for node_id, raw in nodes.items() if isinstance(nodes, dict) else ():
        try:
            node = _NODE.validate_python(raw)
        except ValidationError as error:
            yield from _problems_of(error, f"nodes.{node_id}", skip=1)
        else:
            for i, arm in enumerate(node.branches if isinstance(node, Branch) else ()):
                yield from _condition_problems(arm, f"nodes.{node_id}.branches.{i}.when")


def _problems_of(error: ValidationError, prefix: str, *, skip: int) -> Iterator[Problem]:
    """`skip` drops the tag that a union puts before the field."""
    for broken in error.errors(include_url=False, include_input=False):
        parts = [str(part) for part in broken["loc"][skip:] if part != "[key]"]
        path = ".".join([*([prefix] if prefix else []), *parts]) or "document"
        yield Problem(path, broken["msg"].removeprefix("Value error, "))


def _condition_problems(arm: Arm, path: str) -> Iterator[Problem]:
    try:
        condition = parse(arm.when)
    except Invalid as error:
        yield Problem(path, error.message)
        return
    for reference in condition.references():
        if reference.kind not in ("fact", "score", "segment"):
            yield Problem(
                f"{path}.{reference.path}",
                "journeys knows facts, scores and segments of a person; make a segment of it",
            )


def _dangling_in(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """References to nodes that are not there; works on half-broken documents too."""
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
    for field in ("to", "next", "default", "missing", "otherwise", "exhausted"):
        yield field, node.get(field)
    for field in ("branches", "arms"):
        ways = node.get(field)
        for i, way in enumerate(ways if isinstance(ways, list) else ()):
            if isinstance(way, dict):
                yield f"{field}.{i}.next", way.get("next")


def _value_problems(document: Document) -> Iterator[Problem]:
    if not timedelta(0) <= document.admission <= LONGEST_ADMISSION:
        yield Problem("admission", "must be from PT0S to P7D")
    for node_id, node in document.nodes.items():
        if isinstance(node, Wait) and node.duration <= timedelta(0):
            yield Problem(f"nodes.{node_id}.for", "must be longer than nothing")
        if isinstance(node, Send) and len(set(node.channels)) != len(node.channels):
            yield Problem(f"nodes.{node_id}.channels", "names a channel twice")
        if isinstance(node, Send) and document.brief:
            for channel in sorted(set(node.channels) - set(document.brief.channels)):
                yield Problem(f"nodes.{node_id}.channels", f"{channel!r} is not in brief.channels")


def needed_problems(document: Document, known: Collection[str] | None) -> list[Problem]:
    """Data that the brief needs and that no profile will have: `known` are the attributes that may be collected
    (`None`: any)."""
    if known is None or document.brief is None:
        return []
    return [
        Problem(
            f"brief.needed_data.{i}", f"no attribute {name!r} is registered: PUT /attributes/{name} says why"
        )
        for i, name in enumerate(document.brief.needed_data)
        if name not in known
    ]


def _graph_problems(document: Document) -> Iterator[Problem]:
    if isinstance(document.nodes[document.start], Exit):
        yield Problem("start", "is an exit: the journey would do nothing")
    for node_id, node in document.nodes.items():
        if isinstance(node, Wait) and isinstance(document.nodes[node.next], Wait):
            yield Problem(f"nodes.{node_id}.next", f"is the wait {node.next!r}: write one wait")
    loop = graph.cycle(document)
    reached = graph.reachable(document)
    for node_id in document.nodes:
        if node_id not in reached:
            yield Problem(f"nodes.{node_id}", "can't be reached from start")
    if not any(isinstance(document.nodes[node_id], Exit) for node_id in reached):
        yield Problem("nodes", "no exit can be reached from start")
    if loop:
        yield Problem(f"nodes.{loop[0]}", f"is on a loop, which is not supported: {' -> '.join(loop)}")
    elif graph.longest_wait(document) + document.admission > LONGEST_WALK:
        days = (graph.longest_wait(document) + document.admission).total_seconds() / 86_400
        yield Problem(
            "nodes",
            f"the longest way takes {days:.1f} days, admission included; the limit is {LONGEST_WALK.days}",
        )
