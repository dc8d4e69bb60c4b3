"""What is stored with an identifier, so that a batch which says nothing new need read nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from services.ingest.domain.graph import Edge
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.policy import MAX_TRUST
from services.ingest.domain.regroup import Component, Node, Regrouping

LONE = Node()


@dataclass(frozen=True)
class Known:
    """`owner` is the profile ("": none), `graph_id` the component of the graph ("": it is alone). `links` are the edges
    to stronger identifiers (`link_of`), each with trust and time; `shared`: see `graph.Partition`.
    """

    owner: str = ""
    graph_id: str = ""
    node: Node = LONE
    links: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    shared: int = MAX_TRUST

    def knows(self, edge: Edge) -> bool:
        """Does `edge`, whose weaker identifier this is, say nothing new?"""
        if edge.kind == "seen" and edge.trust >= self.shared:
            return True
        link = self.links.get(link_of(edge))
        return link is not None and tuple(link) <= edge.rank


def link_of(edge: Edge) -> str:
    """How an identifier names an edge to a stronger one."""
    return edge.strong.key if edge.kind == "seen" else f"{edge.kind} {edge.strong.key}"


def knowledge(component: Component) -> dict[Identifier, Known]:
    """What the identifiers of a component know."""
    links: dict[Identifier, dict[str, tuple[int, int]]] = {identifier: {} for identifier in component.nodes}
    for edge in component.edges.values():
        if edge.kind != "manual":
            links[edge.weak][link_of(edge)] = edge.rank
    return {
        identifier: Known(
            owner=component.owners[identifier],
            graph_id=component.graph_id,
            node=node,
            links=links[identifier],
            shared=component.partition.shared.get(identifier, MAX_TRUST),
        )
        for identifier, node in component.nodes.items()
    }


def described(regrouping: Regrouping, known: Mapping[Identifier, Known]) -> dict[Identifier, Known]:
    """What the identifiers of a component know after it was regrouped; and those of edges that found no room in it,
    so that they are not news again."""
    learnt = knowledge(regrouping.after)
    for edge in regrouping.left_out:
        old = learnt.get(edge.weak) or known.get(edge.weak) or Known()
        learnt[edge.weak] = replace(old, links={**old.links, link_of(edge): edge.rank})
    return learnt
