"""Questions about a document as a graph."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from graphlib import CycleError, TopologicalSorter

from services.journeys.domain.document import Document


def reachable(document: Document) -> set[str]:
    """Every node that somebody can come to, the start included."""
    seen: set[str] = set()
    pending = [document.start]
    while pending:
        node_id = pending.pop()
        if node_id not in seen:
            seen.add(node_id)
            pending += document.next_nodes(node_id)
    return seen


def cycle(document: Document) -> list[str]:
    """One loop in walking order, its first node repeated at the end; empty when there is none."""
    try:
        TopologicalSorter({node_id: document.next_nodes(node_id) for node_id in document.nodes}).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def longest_wait(document: Document) -> timedelta:
    """The longest sum of waits on any way from the start; the document must have no loop."""

    @cache
    def after(node_id: str) -> timedelta:
        ways = [after(target) for target in document.next_nodes(node_id)]
        return document.wait_of(node_id) + max(ways, default=timedelta(0))

    return after(document.start)
