"""From one version of a journey to another: what differs, who can go over, and where they go on. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from services.journeys.domain.cohort import Slot, cohort_key
from services.journeys.domain.document import Document
from services.journeys.domain.nodes import Exit, Survey, Wait, WaitFor, WaitUntil
from services.journeys.domain.states import Place, cuts, due_of
from services.shared.errors import Invalid

DROP = "drop"
"""Instead of a node: whoever stands there leaves the journey."""

MIGRATED = "migrated"
"""Why they left."""

WAITING = (Wait, WaitFor, Survey, WaitUntil)


@dataclass(frozen=True)
class Mapped:
    """Where people go, by the node where they stand (nothing: they leave), and the nodes for which nobody has said."""

    nodes: Mapping[str, str | None]
    unmapped: list[str]


def differences(old: Document, new: Document) -> dict[str, Any]:
    """The nodes that were added, removed and changed, and the other fields that differ."""
    shared = old.nodes.keys() & new.nodes.keys()
    return {
        "added": sorted(new.nodes.keys() - old.nodes.keys()),
        "removed": sorted(old.nodes.keys() - new.nodes.keys()),
        "changed": sorted(one for one in shared if old.nodes[one] != new.nodes[one]),
        "fields": sorted(
            one for one in Document.model_fields if one != "nodes" and getattr(old, one) != getattr(new, one)
        ),
    }


def mapped(old: Document, new: Document, said: Mapping[str, str]) -> Mapped:
    """Where people of `old` go on in `new`: to the node of the same name and kind, unless `said` names another, or
    `drop`.

    Raises:
        Invalid: `unknown_node`; `said` names one that a version does not have.
    """
    for node_id, target in said.items():
        if node_id not in old.nodes:
            raise Invalid("unknown_node", f"nodes.{node_id}: the version that people leave has no such node")
        if target != DROP and target not in new.nodes:
            raise Invalid("unknown_node", f"nodes.{node_id}: there is no node {target!r} to go to")
    nodes: dict[str, str | None] = {}
    unmapped = []
    for node_id, node in old.nodes.items():
        if node_id in said:
            nodes[node_id] = None if said[node_id] == DROP else said[node_id]
        elif isinstance(node, Exit):
            continue
        elif type(new.nodes.get(node_id)) is type(node):
            nodes[node_id] = node_id
        else:
            unmapped.append(node_id)
    return Mapped(nodes, unmapped)


@dataclass(frozen=True)
class Stand:
    """Where a cohort is: at `node` since `since`, until `due`; or it `comes` there then for the first time."""

    node: str
    since: datetime
    due: datetime
    comes: bool = False


def over_slots(
    old: Document, new: Document, version: int, source: str, stand: Stand, target: str
) -> Iterator[Slot]:
    """The places at node `target` of `version` for those of cohort `source`, best first. Whoever waits has as long to
    wait as before, or then acts at once; whoever was about to act, or to begin their wait, comes to the new node at
    that time. The cohorts are its own: they start when everybody is on board."""
    since, due = stand.since, stand.due
    node = new.nodes[target]
    waits = isinstance(old.nodes[stand.node], WAITING) and not stand.comes
    over = waits and (isinstance(node, WaitFor | Survey | WaitUntil) or target in cuts(new))
    comes = isinstance(node, WAITING) and not waits
    until = due_of(new, Place(target), due) if comes else due
    for generation in count(1):
        key = cohort_key(new.name, version, target, until, f"{source}/migrated/{generation}")
        yield Slot(key, target, due if comes else since, until, over)
