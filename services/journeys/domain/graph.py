"""Questions about a document as a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter

from services.journeys.domain.document import Document
from services.journeys.domain.nodes import Jump, Survey, Wait, WaitFor, WaitUntil, ways_out

Ways = Mapping[str, list[str]]

_A_DAY, _A_WEEK = timedelta(days=1), timedelta(days=7)
_FOR_EVER = timedelta(days=1_000_000)


def reachable(document: Document) -> set[str]:
    """Every node that somebody can come to, the start included."""
    return _from(document, [document.start])


def behind(document: Document, node_id: str) -> set[str]:
    """Every node that can be reached from `node_id`; itself too where there is a loop."""
    return _from(document, document.next_nodes(node_id))


def before(document: Document, stops: Callable[[str], bool]) -> Iterator[str]:
    """Every node that can be reached without passing one that `stops`; the nodes that stop are included."""
    seen: set[str] = set()
    pending = [document.start]
    while pending:
        node_id = pending.pop()
        if node_id in seen:
            continue
        seen.add(node_id)
        yield node_id
        if not stops(node_id):
            pending += document.next_nodes(node_id)


def cycle(document: Document) -> list[str]:
    """One loop without a jump in it, in walking order, its first node repeated at the end; empty: there is none."""
    return _loop(_onward(document))


def hasty_loop(document: Document) -> list[str]:
    """One loop, jumps included, on which nobody need ever wait; as `cycle`."""
    return _loop(
        {
            node_id: [target for path, target in ways_out(node) if not _waits(document, node_id, path)]
            for node_id, node in document.nodes.items()
        }
    )


def _waits(document: Document, node_id: str, path: str) -> bool:
    """Does whoever leaves a node by its field `path` always wait there, again on each lap? A date may be past, doors
    may be open, and what happened since the entry does not happen anew."""
    node = document.nodes[node_id]
    if isinstance(node, WaitFor):
        return path == "otherwise" or node.since == "node"
    return isinstance(node, Wait | Survey)


def longest_wait(document: Document) -> timedelta:
    """No way from the start waits longer in all; exact where loops are not within one another. Of a date that each
    person has for themselves nothing is known: it counts for nothing. There must be no loop without a jump."""
    knots = _knots(document)
    ways = {
        knot: [knots[target] for one in knot for target in document.next_nodes(one) if knots[target] != knot]
        for knot in knots.values()
    }
    found: dict[frozenset[str], timedelta] = {}
    for knot in TopologicalSorter(ways).static_order():  # what a knot leads to comes before it
        further = max((found[target] for target in ways[knot]), default=timedelta(0))
        found[knot] = _longest_within(document, knot) + further
    return found[knots[document.start]]


def _from(document: Document, starts: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    pending = list(starts)
    while pending:
        node_id = pending.pop()
        if node_id not in seen:
            seen.add(node_id)
            pending += document.next_nodes(node_id)
    return seen


def _onward(document: Document) -> Ways:
    """Where nodes lead, without the ways back of jumps."""
    return {
        node_id: [node.otherwise] if isinstance(node, Jump) else document.next_nodes(node_id)
        for node_id, node in document.nodes.items()
    }


def _loop(ways: Ways) -> list[str]:
    try:
        TopologicalSorter(ways).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def _knots(document: Document) -> dict[str, frozenset[str]]:
    """For each node all that lie on a loop with it, and itself."""
    after = {node_id: behind(document, node_id) for node_id in document.nodes}
    return {
        node_id: frozenset({node_id, *(one for one in after[node_id] if node_id in after[one])})
        for node_id in document.nodes
    }


def _longest_within(document: Document, knot: frozenset[str]) -> timedelta:
    """No walk waits longer in a knot: it goes through once, and once more each time that a jump there goes back."""
    onward = _onward(document)
    ways = {node_id: [target for target in onward[node_id] if target in knot] for node_id in knot}
    found: dict[str, timedelta] = {}
    for node_id in TopologicalSorter(ways).static_order():
        further = max((found[target] for target in ways[node_id]), default=timedelta(0))
        found[node_id] = _wait_at(document, node_id) + further
    laps = sum(jump.at_most for node_id, jump in document.of_type(Jump) if node_id in knot)
    return min(max(found.values()), _FOR_EVER // (1 + laps)) * (1 + laps)


def _wait_at(document: Document, node_id: str) -> timedelta:
    """How long a node can hold anybody at most, as far as the document says."""
    node = document.nodes[node_id]
    if isinstance(node, WaitFor | Survey):
        return node.timeout
    if isinstance(node, WaitUntil):
        return (_A_DAY if node.at else timedelta(0)) + (_A_WEEK if node.hours else timedelta(0))
    return document.wait_of(node_id)
