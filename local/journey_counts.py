"""How many people stand at each node of a journey version and how many went each way, as far as anybody says so: the
API counts those who stand somewhere, facts tell who entered, whom a message was asked for, and who left why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.journeys.domain.diagram import Edge, edges
from services.journeys.domain.document import Document
from services.journeys.domain.nodes import Exit
from services.journeys.domain.signals import signals_of


@dataclass(frozen=True)
class Told:
    """What facts told of one version: how many entered, were asked for a message at each node, and left by reason."""

    entered: int
    asked: Mapping[str, int]
    left: Mapping[str, int]

    @property
    def gone(self) -> int:
        """All who left."""
        return sum(self.left.values())


def told_of(
    journey: str,
    version: int,
    entered: Iterable[Mapping[str, Any]],
    requested: Iterable[Mapping[str, Any]],
    exited: Iterable[Mapping[str, Any]],
) -> Told:
    """Fold the enrolments and message requests that were seen on the bus, each once."""

    def ours(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return [row for row in rows if (row.get("journey"), row.get("version")) == (journey, version)]

    return Told(
        len(ours(entered)),
        Counter(str(row["node"]) for row in ours(requested)),
        Counter(str(row["reason"]) for row in ours(exited)),
    )


def arrivals(document: Document, told: Told) -> dict[str, int]:
    """How many came to a node, where that is certain: it asks for messages, or it is an end whose reason nothing else
    gives. Nodes that nobody came to yet are missing."""
    others = [ending.reason for ending in signals_of(document).endings]
    reasons = Counter([*others, *(node.reason for _, node in document.of_type(Exit))])
    ends = {
        name: told.left[node.reason]
        for name, node in document.of_type(Exit)
        if reasons[node.reason] == 1 and node.reason in told.left
    }
    return {**ends, **told.asked}


def taken(document: Document, told: Told) -> dict[Edge, int]:
    """How many went each way of which that is certain: it is the only one to a node whose arrivals are known."""
    came = arrivals(document, told)
    ways = edges(document)
    into = Counter(edge.target for edge in ways)
    return {
        edge: came[edge.target]
        for edge in ways
        if edge.target in came and edge.target != document.start and into[edge.target] == 1
    }
