"""What a document says of people and events in the language of conditions, and what a walk must have kept for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.journeys.domain import graph
from services.journeys.domain.document import Document
from services.journeys.domain.ends import ExitWhen, GoalWhen
from services.journeys.domain.entries import Becomes, Called, DateWay, EventWay, Happening
from services.journeys.domain.listening import date_condition
from services.journeys.domain.nodes import Branch, Survey, Update, WaitFor, WaitUntil
from services.journeys.domain.parts import WALK
from services.journeys.domain.rules.problems import Problem, told_by
from services.shared.conditions import Condition, InvalidCondition, parse

ANSWERED = ("score", "comment")
"""What a walk keeps of an answer."""

Said = tuple[str, Mapping[str, Any]]
"""Where a condition stands, and what it says."""


def unreadable(document: Document) -> Iterator[Problem]:
    """Conditions and filters that break a rule of their own language."""
    for path, when in [*watched(document), *looked_at(document)]:
        yield from _wrong(when, path)
    for path, happening in _heard(document):
        if happening.where is not None:
            kind = happening.event_type if isinstance(happening, WaitFor) else happening.type
            yield from _wrong({"event": "any", "type": kind, "where": happening.where}, path)
    for i, way in enumerate(document.entry.on):
        if isinstance(way, DateWay):
            for problem in _wrong(date_condition(way), ""):
                yield Problem(f"entry.on.{i}.{'before' if way.before else 'date'}", problem.message)


def unknown_of_walk(document: Document) -> Iterator[Problem]:
    """Facts of the walk where nobody knows them, or that nothing keeps."""
    for path, when in watched(document):
        for _, where in _walk_facts(when, path):
            yield Problem(where, "scoring judges this and knows nothing of the walk: ask at a branch")
    if any(isinstance(way, Called) for way in document.entry.on):
        return  # whoever calls may bring anything
    at_entry = _kept_at_entry(document)
    kept_by = {node_id: set(kept) for node_id, kept in _kept_at_nodes(document) if kept}
    followed = {node_id: graph.behind(document, node_id) for node_id in kept_by}
    for node_id, path, name in _wanted(document):
        known = at_entry.union(*(kept_by[by] for by in kept_by if node_id in followed[by]))
        if name not in known:
            yield Problem(
                path, f"nothing keeps {name!r} before: name it in keep of an entry or of a wait_for"
            )


def watched(document: Document) -> Iterator[Said]:
    """Conditions whose beginning is told by scoring."""
    for i, way in enumerate(document.entry.on):
        if isinstance(way, Becomes):
            yield f"entry.on.{i}.becomes", way.becomes
    for i, rule in enumerate(document.exit_on):
        if isinstance(rule, ExitWhen):
            yield f"exit_on.{i}.when", rule.when
    if isinstance(document.goal, GoalWhen):
        yield "goal.when", document.goal.when
    for node_id, node in document.of_type(WaitFor):
        if node.when is not None:
            yield f"nodes.{node_id}.when", node.when


def looked_at(document: Document) -> Iterator[Said]:
    """Conditions that are judged when somebody comes by."""
    if document.entry.when is not None:
        yield "entry.when", document.entry.when
    for node_id, branch in document.of_type(Branch):
        for i, arm in enumerate(branch.branches):
            yield f"nodes.{node_id}.branches.{i}.when", arm.when


def kept(document: Document) -> Iterator[tuple[str, str]]:
    """Where something is named that walks keep of events, and its name."""
    for i, way in enumerate(document.entry.on):
        if isinstance(way, EventWay):
            yield from ((f"entry.on.{i}.keep.{n}", name) for n, name in enumerate(way.keep))
    for node_id, node in document.of_type(WaitFor):
        yield from ((f"nodes.{node_id}.keep.{n}", name) for n, name in enumerate(node.keep))


def wanted(document: Document) -> set[str]:
    """The names of all facts of the walk that a document looks at."""
    return {name for _, _, name in _wanted(document)}


def _heard(document: Document) -> Iterator[tuple[str, Happening | WaitFor]]:
    for i, way in enumerate(document.entry.on):
        if isinstance(way, EventWay):
            yield f"entry.on.{i}", way
    for i, rule in enumerate(document.exit_on):
        if isinstance(rule, Happening):
            yield f"exit_on.{i}", rule
    if isinstance(document.goal, Happening):
        yield "goal", document.goal
    for node_id, node in document.of_type(WaitFor):
        yield f"nodes.{node_id}", node


def _wrong(when: Mapping[str, Any], path: str) -> Iterator[Problem]:
    try:
        parse(when)
    except InvalidCondition as error:
        yield from told_by(error, path)


def _parsed(when: Mapping[str, Any]) -> Condition | None:
    try:
        return parse(when)
    except InvalidCondition:
        return None


def _walk_facts(when: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """The walk's facts of a condition, without their prefix, and where each stands."""
    condition = _parsed(when)
    for reference in condition.references() if condition else ():
        if reference.kind == "fact" and reference.name.startswith(WALK):
            yield reference.name.removeprefix(WALK), f"{path}.{reference.path}"


def _wanted(document: Document) -> Iterator[tuple[str, str, str]]:
    """Facts of the walk that are looked at: (node, empty for the entry; path; name)."""
    for path, when in looked_at(document):
        node_id = path.split(".")[1] if path.startswith("nodes.") else ""
        for name, where in _walk_facts(when, path):
            yield node_id, where, name
    for node_id, node in document.of_type(WaitUntil):
        if node.known_as and node.known_as[0] == "fact" and node.known_as[1].startswith(WALK):
            yield node_id, f"nodes.{node_id}.date", node.known_as[1].removeprefix(WALK)
    for node_id, update in document.of_type(Update):
        for trait, value in update.traits.items():
            if isinstance(value, str) and value.startswith(f"fact:{WALK}"):
                yield node_id, f"nodes.{node_id}.traits.{trait}", value.removeprefix(f"fact:{WALK}")


def _kept_at_entry(document: Document) -> set[str]:
    return {name for way in document.entry.on if isinstance(way, EventWay) for name in way.keep}


def _kept_at_nodes(document: Document) -> Iterator[tuple[str, list[str]]]:
    for node_id, node in document.of_type(WaitFor):
        yield node_id, node.keep
    for node_id, _ in document.of_type(Survey):
        yield node_id, [f"{node_id}.{name}" for name in ANSWERED]
