"""The models' own rules: fields, types, names; each broken one by its path in the document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from services.journeys.domain.document import Document
from services.journeys.domain.nodes import Node
from services.journeys.domain.rules.problems import Problem

MAX_NODES = 200

_NODE: TypeAdapter[Any] = TypeAdapter(Node)
_ANY_NODE = {"type": "exit", "reason": "any"}
_ANYTHING: Mapping[str, Any] = {
    "name": "any",
    "title": "Any",
    "objective": "service",
    "angle": "interaction",
    "entry": {"on": [{"called": True}]},
    "start": "any",
    "nodes": {"any": _ANY_NODE},
}
_TAGGED = (("entry", "on", int), ("entry", "reentry"), ("exit_on", int), ("goal",))
"""Where a union's tag follows in the place of an error."""


def shaped(raw: Mapping[str, Any]) -> tuple[Document, list[Problem]]:
    """A document without whatever is malformed (instead of which something plain stands), and what that was."""
    nodes, problems = _nodes(raw.get("nodes"))
    frame = {**raw, "brief": raw.get("brief") or {}}  # each of its fields is missing by name
    if nodes:
        frame["nodes"] = dict.fromkeys(nodes, _ANY_NODE)
    broken = {"brief"} if not raw.get("brief") else set()
    try:
        Document.model_validate(frame)
    except ValidationError as error:
        broken |= {str(one["loc"][0]) for one in error.errors(include_url=False, include_input=False)}
        problems = [*_told(error, ""), *problems]
    sound = {name: raw[name] for name in Document.model_fields if name in raw and name not in broken}
    named = {name: node for name, node in nodes.items() if f"nodes.{name}" not in {p.path for p in problems}}
    document = Document.model_validate({**_ANYTHING, **sound, "nodes": named or _ANYTHING["nodes"]})
    return document, problems


def _nodes(raw: Any) -> tuple[dict[str, Any], list[Problem]]:
    """The nodes, something plain for each that is malformed; none at all when there are too many to look at."""
    problems: list[Problem] = []
    nodes = dict(raw) if isinstance(raw, dict) and len(raw) <= MAX_NODES else {}
    for node_id, node in nodes.items():
        try:
            _NODE.validate_python(node)
        except ValidationError as error:
            problems += _told(error, f"nodes.{node_id}")
            nodes[node_id] = _ANY_NODE
    return nodes, problems


def _told(error: ValidationError, prefix: str) -> Iterator[Problem]:
    """`prefix` is that of a node, whose errors begin with the tag of its kind."""
    for broken in error.errors(include_url=False, include_input=False):
        loc = broken["loc"][1:] if prefix else broken["loc"]
        parts = [prefix] if prefix else []
        parts += [str(part) for part in _untagged(loc) if part != "[key]"]
        yield Problem(".".join(parts), broken["msg"].removeprefix("Value error, "))


def _untagged(loc: Sequence[int | str]) -> Sequence[int | str]:
    for place in _TAGGED:
        if len(loc) > len(place) and all(
            part == wanted or (wanted is int and isinstance(part, int))
            for part, wanted in zip(loc, place, strict=False)
        ):
            return [*loc[: len(place)], *loc[len(place) + 1 :]]
    return loc
