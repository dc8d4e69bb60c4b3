"""Questions about a document as a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter

from services.journeys.domain.document import Document
from services.journeys.domain.nodes import Jump, Survey, Wait, WaitFor, WaitUntil, ways_out

Ways = Mapping[str, list[str]]

_A_DAY, _A_WEEK = timedelta(days=1), timedelta(days=7)
_LONGEST = timedelta.max // 4


def reachable(document: Document) -> set[str]:
    """Every node that somebody can come to, the start included."""
    return _from(document, [document.start])


def behind(document: Document, node_id: str) -> set[str]:
    """Every node that somebody can come to who has been at `node_id`; that one too where there is a loop."""
    return _from(document, document.next_nodes(node_id))


def before(document: Document, stops: Callable[[str], bool]) -> Iterator[str]:
    """Every node that somebody can come to who has not been at one that `stops`; those that stop included."""
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
    """One loop that no jump ends, in walking order, its first node repeated at the end; empty when there is none."""
    return _loop(_onward(document))


def hasty_loop(document: Document) -> list[str]:
    """One loop, jumps included, on which nobody need ever wait; as `cycle`."""
    return _loop(
        {
            node_id: [target for path, target in ways_out(node) if not waits(document, node_id, path)]
            for node_id, node in document.nodes.items()
        }
    )


def waits(document: Document, node_id: str, path: str) -> bool:
    """Does whoever leaves a node by its field `path` always wait there, again on each lap? A date may be past, doors
    may be open, and what happened since the entry does not happen anew."""
    node = document.nodes[node_id]
    if isinstance(node, WaitFor):
        return path == "otherwise" or node.since == "node"
    return isinstance(node, Wait | Survey)


def longest_wait(document: Document) -> timedelta:
    """The longest sum of waits on any way from the start, with every loop as often as its jump allows. Of a date that
    each person has for themselves nothing is known: it counts for nothing. There must be no loop without a jump."""
    onward = _onward(document)
    order = list(TopologicalSorter(onward).static_order())  # what a node leads to comes before it
    to_any = _longest(document, onward, order, lambda node_id: True)
    to_jump = _longest(document, onward, order, lambda node_id: isinstance(document.nodes[node_id], Jump))
    total = to_any[document.start] or timedelta(0)
    for _, jump in document.of_type(Jump):
        lap = to_jump[jump.to] or timedelta(0)
        total = min(total + min(lap, _LONGEST // 100) * jump.at_most, _LONGEST)
    return total


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


def _longest(
    document: Document, ways: Ways, order: Iterable[str], ends: Callable[[str], bool]
) -> dict[str, timedelta | None]:
    """The longest wait from each node to any that `ends`; `None` where there is none."""
    found: dict[str, timedelta | None] = {}
    for node_id in order:
        further = [rest for target in ways[node_id] if (rest := found[target]) is not None]
        if further or ends(node_id):
            found[node_id] = _wait_at(document, node_id) + max(further, default=timedelta(0))
        else:
            found[node_id] = None
    return found


def _wait_at(document: Document, node_id: str) -> timedelta:
    """How long a node can hold anybody at most, as far as the document says."""
    node = document.nodes[node_id]
    if isinstance(node, WaitFor | Survey):
        return node.timeout
    if isinstance(node, WaitUntil):
        return (_A_DAY if node.at else timedelta(0)) + (_A_WEEK if node.hours else timedelta(0))
    return document.wait_of(node_id)
