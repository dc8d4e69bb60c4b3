"""Which way a cohort takes through a document and where it may begin: what is drawn, and what the steps follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from services.journeys.domain.document import Document
from services.journeys.domain.moves import INLINE, Move, Out
from services.journeys.domain.nodes import (
    Branch,
    Exit,
    Jump,
    Node,
    Rotation,
    Split,
    Survey,
    Wait,
    WaitFor,
    WaitUntil,
)

LONGEST_STRETCH = timedelta(days=300)
"""How long one execution waits in all; Step Functions ends it after a year."""

_NOTHING = timedelta(0)


@dataclass(frozen=True)
class Place:
    """Where a cohort begins: it comes to `node`, or (`over`) stands at its wait already."""

    node: str
    over: bool = False


def shared_way(node: Node) -> str | None:
    """Where a cohort goes on together after a node; `None` after an exit."""
    if isinstance(node, Exit):
        return None
    if isinstance(node, Branch):
        return node.default
    if isinstance(node, Split):
        return node.arms[-1].next
    return node.otherwise if isinstance(node, WaitFor | Survey | Jump) else node.next


def exit_at(document: Document, node_id: str | None) -> Exit | None:
    """The exit that a node is."""
    node = document.nodes[node_id] if node_id else None
    return node if isinstance(node, Exit) else None


def asked_already(document: Document, node_id: str, move: Move) -> Move:
    """What is left of a move whose request was made on this lap, by an earlier try or as another profile: of a
    rotation it was this lap's, and the next of the list is not."""
    node = document.nodes[node_id]
    if not isinstance(node, Rotation):
        return replace(move, ask=None)
    out = exit_at(document, node.next)
    return Move(to=Out(out.reason, out.enter or "") if out else INLINE)


def length_of(node: Node) -> timedelta:
    """How long a cohort stands at a node together. At a `WaitUntil` it does not: each has a time of their own."""
    if isinstance(node, Wait):
        return node.duration
    return node.timeout if isinstance(node, WaitFor | Survey) else _NOTHING


def due_of(document: Document, place: Place, at: datetime) -> datetime:
    """When a cohort that comes to a place at `at` must act there; one that stands there already waits until `at`."""
    node = document.nodes[place.node]
    return at + node.duration if isinstance(node, Wait) and not place.over else at


def goes_on(document: Document, node_id: str, over: bool, due: datetime) -> tuple[str, datetime] | None:
    """Where a cohort is after a step at `node_id` that was `due`, and when it must act there; `None`: nowhere."""
    node = document.nodes[node_id]
    if not over and (isinstance(node, WaitUntil) or node_id in cuts(document)):
        return None
    if not over and isinstance(node, WaitFor | Survey):
        return node_id, due + node.timeout
    target = shared_way(node)
    if target is None or exit_at(document, target):
        return None
    return target, due if target in cuts(document) else due_of(document, Place(target), due)


def exits_with_task(document: Document) -> set[str]:
    """Exits that need a task of their own, to write the end down: a wait leads to them, which cannot."""
    found = {document.start}
    for node in document.nodes.values():
        if isinstance(node, Wait) or (isinstance(node, WaitUntil) and not node.hours):
            found.add(node.next)
    return {node_id for node_id in found if isinstance(document.nodes[node_id], Exit)}


def left_for(document: Document, node_id: str) -> list[Place]:
    """The places where people who leave a cohort at a node may go on at once."""
    found: dict[Place, None] = {}
    pending = [*document.next_nodes(node_id)]
    if isinstance(document.nodes[node_id], WaitUntil):
        pending.append(node_id)
    while pending:
        target = pending.pop(0)
        node = document.nodes[target]
        place = Place(target, over=isinstance(node, WaitUntil))
        if place not in found and not isinstance(node, Exit):
            found[place] = None
            if isinstance(node, WaitUntil) and node.missing:
                pending.append(node.missing)
    return list(found)


def cuts(document: Document) -> frozenset[str]:
    """Waits before which a cohort goes over to another execution, because one would wait too long. Two documents
    that say the same are cut at the same places."""
    return _cuts(_Inline(document))


class _Inline:
    """The document as a graph of shared ways only. It has no loops: going back is never a shared way."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def __hash__(self) -> int:
        return id(self.document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Inline) and other.document is self.document

    def in_order(self) -> Iterator[str]:
        """Each node before where it leads."""
        seen: set[str] = set()
        order: list[str] = []
        for first in self.document.nodes:
            way: list[str] = []
            node_id: str | None = first
            while node_id is not None and node_id not in seen:
                seen.add(node_id)
                way.append(node_id)
                node_id = shared_way(self.document.nodes[node_id])
            order = way + order
        yield from order


@lru_cache(maxsize=1000)
def _cuts(graph: _Inline) -> frozenset[str]:
    """How long an execution has waited at most on coming to a node; a wait that would make it too long is cut."""
    waited: dict[str, timedelta] = {}
    cut = set[str]()
    for node_id in graph.in_order():
        node = graph.document.nodes[node_id]
        length = length_of(node)
        before = waited.get(node_id, _NOTHING)
        if length and before + length > LONGEST_STRETCH:
            cut.add(node_id)
            before = _NOTHING
        target = shared_way(node)
        if target is not None:
            waited[target] = max(waited.get(target, _NOTHING), before + length)
    return frozenset(cut)
