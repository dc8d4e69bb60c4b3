"""How the identity graph is written down. One item per identifier, `pk` = `<kind>#<normal form>`, with what the hot
path asks; one per component of linked identifiers, `graph#<id>`; and pages of its older decisions,
`graph#<id>#<page>`."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from services.ingest.adapters.dynamo_finder import index_attributes
from services.ingest.domain.graph import Cut, Edge
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.known import Known
from services.ingest.domain.policy import MAX_TRUST
from services.ingest.domain.regroup import Component, Decision, Node
from services.shared.aws.dynamo import (
    Item,
)

GRAPH = "graph#"

LOG = 40
"""Decisions a component carries; then the older half moves to a page of its own."""


def identifier_item(identifier: Identifier, known: Known) -> Item:
    """The item of an identifier."""
    item: dict[str, Any] = {
        "pk": identifier.key,
        "profile_id": known.owner,
        "graph_id": known.graph_id,
        "home": known.node.home if known.node.home != known.owner else "",
        "born": known.node.born,
        "unnamed": not known.node.named,
        "links": {name: list(rank) for name, rank in known.links.items()},
        "shared": known.shared if known.shared != MAX_TRUST else 0,
        **index_attributes(identifier),
    }
    return {name: value for name, value in item.items() if value}


def read_known(item: Item) -> Known:
    """What an identifier's item says."""
    owner = item.get("profile_id", "")
    born = item.get("born", 0)
    home = item.get("home") or (owner if born else "")
    return Known(
        owner=owner,
        graph_id=item.get("graph_id", ""),
        node=Node(home, born, not item.get("unnamed", False)),
        links={name: (rank[0], rank[1]) for name, rank in item.get("links", {}).items()},
        shared=item.get("shared", MAX_TRUST),
    )


def component_item(component: Component) -> Item:
    """The item of a component."""
    body = {
        "nodes": [[i.key, n.home, n.born, n.named] for i, n in sorted(component.nodes.items())],
        "edges": [
            [e.strong.key, e.weak.key, e.at, e.trust, e.kind, e.message_id]
            for e in sorted(component.edges.values(), key=lambda e: e.order)
        ],
        "cuts": [[sorted(i.key for i in side) for side in (c.side, c.other)] for c in component.cuts],
        "log": [_row(decision) for decision in component.log],
    }
    return {
        "pk": GRAPH + component.graph_id,
        "version": component.version,
        "pages": component.pages,
        "body": _deflate(body),
    }


def read_component(item: Item) -> Component:
    """What a component's item says."""
    body = _inflate(item["body"])
    edges = [
        Edge(Identifier.from_key(strong), Identifier.from_key(weak), at, trust, kind, message_id)
        for strong, weak, at, trust, kind, message_id in body["edges"]
    ]
    return Component(
        graph_id=item["pk"].removeprefix(GRAPH),
        version=item["version"],
        nodes={Identifier.from_key(key): Node(home, born, named) for key, home, born, named in body["nodes"]},
        edges={edge.pair: edge for edge in edges},
        cuts=tuple(Cut(_side(side), _side(other)) for side, other in body["cuts"]),
        log=tuple(_decision(row) for row in body["log"]),
        pages=item["pages"],
    )


def page_with(page: Item, decisions: Iterable[Decision]) -> Item:
    """A page with these decisions instead of its own."""
    return {**page, "body": _deflate([_row(decision) for decision in decisions])}


def _side(keys: Iterable[str]) -> frozenset[Identifier]:
    return frozenset(Identifier.from_key(key) for key in keys)


def page_item(component: Component) -> Item:
    """The decisions that a component's own item has no room for."""
    rows = [_row(decision) for decision in component.log[: -LOG // 2]]
    page = component.pages
    return {"pk": f"{GRAPH}{component.graph_id}#{page}", "page": page, "body": _deflate(rows)}


def read_decisions(page: Item) -> list[Decision]:
    """The decisions on a page."""
    return [_decision(row) for row in _inflate(page["body"])]


def _row(decision: Decision) -> list[Any]:
    d = decision
    return [d.at, d.what, d.profile, list(d.others), d.message_id, d.reason]


def _decision(row: Sequence[Any]) -> Decision:
    at, what, profile, others, message_id, reason = row
    return Decision(at, what, profile, tuple(others), message_id, reason)


def _deflate(value: Any) -> bytes:
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def _inflate(blob: Any) -> Any:
    return json.loads(zlib.decompress(bytes(blob)))
