"""Which components of the graph the news of a batch brings together, as far as one may grow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.ingest.domain.graph import Edge
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.policy import MAX_COMPONENT
from services.ingest.domain.regroup import Component, News


@dataclass
class Meeting:
    """Components that met, and the news about them."""

    components: list[Component] = field(default_factory=list)
    members: set[Identifier] = field(default_factory=set)
    edges: list[Edge] = field(default_factory=list)
    left_out: list[Edge] = field(default_factory=list)

    def news(self, named: frozenset[Identifier], strands: frozenset[Identifier]) -> News:
        """What is new about them."""
        mine = frozenset(self.members)
        return News(tuple(self.edges), named & mine, strands & mine, tuple(self.left_out))


def meetings(components: Mapping[Identifier, Component], news: News) -> list[Meeting]:
    """The meetings that `news` causes; `components` has one for each identifier in it, lone and new ones included."""
    by_graph: dict[str, Meeting] = {}
    at: dict[Identifier, Meeting] = {}
    for identifier, component in components.items():
        meeting = by_graph.setdefault(component.graph_id, Meeting([component], set(component.nodes)))
        meeting.members.add(identifier)
        at[identifier] = meeting
    for edge in sorted(news.edges, key=lambda e: e.order):
        strong, weak = at[edge.strong], at[edge.weak]
        if strong is weak:
            strong.edges.append(edge)
        elif len(strong.members) + len(weak.members) > MAX_COMPONENT:
            strong.left_out.append(edge)
        else:
            strong.edges.append(edge)
            _join(strong, weak)
            at |= dict.fromkeys((i for i, found in at.items() if found is weak), strong)
    return list({id(meeting): meeting for meeting in at.values()}.values())


def _join(one: Meeting, other: Meeting) -> None:
    one.components += other.components
    one.members |= other.members
    one.edges += other.edges
    one.left_out += other.left_out
