"""How often a journey meets whoever comes in."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter

from services.journeys.domain.document import Document
from services.journeys.domain.entries import ScheduleWay, SegmentEntered, WorldWay
from services.journeys.domain.nodes import Jump, Rotation, Send, Split, Survey


@dataclass(frozen=True)
class Contacts:
    """Messages on a way through a journey: on `mean`, if chance decides as it is said and every branch alike, and at
    `most`. Loops are gone through once."""

    mean: float
    most: int


def contacts(document: Document) -> Contacts:
    """Of one walk."""
    onward = {
        node_id: [node.otherwise] if isinstance(node, Jump) else document.next_nodes(node_id)
        for node_id, node in document.nodes.items()
    }
    mean, most = dict[str, float](), dict[str, int]()
    for node_id in TopologicalSorter(onward).static_order():  # what a node leads to comes before it
        node = document.nodes[node_id]
        meets = isinstance(node, Send | Rotation | Survey)
        ways = [(1.0, target) for target in onward[node_id]]
        if isinstance(node, Split):
            ways = [(arm.percent, arm.next) for arm in node.arms]
        whole = sum(weight for weight, _ in ways) or 1.0
        mean[node_id] = meets + sum(weight * mean[target] for weight, target in ways) / whole
        most[node_id] = meets + max((most[target] for _, target in ways), default=0)
    return Contacts(mean[document.start], most[document.start])


def segments_of(document: Document) -> frozenset[str]:
    """The segments whose people come in."""
    found = set()
    for way in document.entry.on:
        if isinstance(way, SegmentEntered):
            found.add(way.segment_entered)
        elif isinstance(way, ScheduleWay | WorldWay):
            found.add(way.segment)
    return frozenset(found)
