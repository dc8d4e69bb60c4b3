"""What new edges do to the people of a component of the graph: who gets which profile, which profiles become one, and
which have to be told anew because an event turned out to be somebody else's.

A profile id is born with one identifier, and leads to whoever that identifier belongs to. So the way from people to
profile ids is a function too, and an un-merge gives back the id that a merge had made a redirect.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from services.ingest.domain.graph import Cut, Edge, Pair, Partition, first_edges, partition
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.policy import strength


@dataclass(frozen=True)
class Node:
    """An identifier: `home` is the profile born with it, at `born` (ms since the epoch); `named` says that an event
    has named it as its own."""

    home: str = ""
    born: int = 0
    named: bool = True


@dataclass(frozen=True)
class Decision:
    """An entry of the audit trail: at `at` (ms), profiles became one or were parted; by which event, or by a marketer
    for which reason."""

    at: int
    what: str
    profile: str
    others: tuple[str, ...]
    message_id: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Component:
    """Identifiers that are linked with each other, and the people among them. `version` 0 is one that is not stored:
    a lone identifier, or several that have just met."""

    graph_id: str
    version: int = 0
    nodes: Mapping[Identifier, Node] = field(default_factory=dict)
    edges: Mapping[Pair, Edge] = field(default_factory=dict)
    cuts: tuple[Cut, ...] = ()
    log: tuple[Decision, ...] = ()
    pages: int = 0

    @cached_property
    def partition(self) -> Partition:
        """Who is who in it."""
        named = [identifier for identifier, node in self.nodes.items() if node.named]
        return partition(named, self.edges.values(), self.cuts)

    @cached_property
    def leads(self) -> Mapping[str, str]:
        """Every profile id born here, to the one it leads to."""
        leads: dict[str, str] = {}
        for group in self.partition.groups:
            homes = [(strength(i)[:1], self.nodes[i].born, self.nodes[i].home) for i in group]
            born = sorted(home for home in homes if home[2])
            leads |= {home: born[0][2] for *_, home in born}
        return leads

    @cached_property
    def owners(self) -> Mapping[Identifier, str]:
        """The profile of each identifier; "" where its person has none, because no event was its own."""
        owners = dict.fromkeys(self.nodes, "")
        for group in self.partition.groups:
            homes = [self.nodes[i].home for i in group if self.nodes[i].home]
            owner = self.leads[homes[0]] if homes else ""
            owners |= dict.fromkeys(group, owner)
        return owners

    def group_of(self, identifier: Identifier) -> frozenset[Identifier]:
        """All identifiers of a person."""
        return next((g for g in self.partition.groups if identifier in g), frozenset())


@dataclass(frozen=True)
class News:
    """What a batch says about a component: edges, identifiers that events name as their own, the strands among them
    (whose person needs a profile)."""

    edges: Sequence[Edge] = ()
    named: frozenset[Identifier] = frozenset()
    strands: frozenset[Identifier] = frozenset()
    left_out: Sequence[Edge] = ()
    """Edges to another component that together with this one would be too large."""


@dataclass(frozen=True)
class Regrouping:
    """A component after some news, and what that means for profiles.

    `merges`: winner to the profiles that become its redirects. `retold`: profile to those whose histories hold its
    events; each is folded anew from the strands that are its own. `left_out`: see `News`.
    """

    before: tuple[Component, ...]
    after: Component
    merges: Mapping[str, tuple[str, ...]]
    retold: Mapping[str, tuple[str, ...]]
    left_out: Sequence[Edge] = ()


def regroup(
    components: Sequence[Component],
    news: News,
    *,
    now: int,
    new_profile_id: Callable[[], str],
    cuts: Sequence[Cut] | None = None,
    reason: str = "",
) -> Regrouping:
    """`components` that met, as one, after `news`; `cuts` replace those there were."""
    before = tuple(sorted(components, key=lambda c: (-len(c.nodes), -c.version, c.graph_id)))
    joined = _joined(before)
    nodes, edges = _grown(joined, news)
    after = replace(joined, nodes=nodes, edges=edges, cuts=joined.cuts if cuts is None else tuple(cuts))
    after = _with_homes(after, news.strands, now, new_profile_id)
    merges, retold = _consequences(before, after)
    decisions = _decisions(merges, retold, news, now, reason)
    after = replace(after, version=joined.version + 1, log=(*joined.log, *decisions))
    return Regrouping(before, after, merges, retold, news.left_out)


def _joined(components: Sequence[Component]) -> Component:
    first = components[0]
    nodes: dict[Identifier, Node] = {}
    edges: dict[Pair, Edge] = {}
    for one in components:
        nodes |= one.nodes
        edges |= one.edges
    log = sorted((d for one in components for d in one.log), key=lambda d: d.at)
    cuts = tuple(cut for one in components for cut in one.cuts)
    pages = max(one.pages for one in components)
    return Component(first.graph_id, first.version, nodes, edges, cuts, tuple(log), pages)


def _grown(joined: Component, news: News) -> tuple[dict[Identifier, Node], dict[Pair, Edge]]:
    """Identifiers and edges with the new ones."""
    nodes, edges = dict(joined.nodes), dict(joined.edges)
    for edge in news.edges:
        for identifier in (edge.strong, edge.weak):
            nodes.setdefault(identifier, Node(named=False))
    for identifier in news.named | news.strands:
        if identifier in nodes or identifier in news.strands:
            nodes[identifier] = replace(nodes.get(identifier, Node()), named=True)
    return nodes, first_edges([*edges.values(), *news.edges])


def _with_homes(
    component: Component, strands: Iterable[Identifier], now: int, new_profile_id: Callable[[], str]
) -> Component:
    """With a profile for each person who has events and none yet, born with the strongest strand."""
    nodes = dict(component.nodes)
    owners = dict(component.owners)
    for strand in sorted(strands, key=strength):
        if not owners[strand]:
            nodes[strand] = replace(nodes[strand], home=new_profile_id(), born=now)
            owners |= dict.fromkeys(component.group_of(strand), nodes[strand].home)
    return replace(component, nodes=nodes)


def _consequences(
    before: Sequence[Component], after: Component
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    owned = {i: owner for one in before for i, owner in one.owners.items() if owner}
    heirs: dict[str, set[str]] = defaultdict(set)
    for identifier, owner in owned.items():
        heirs[owner].add(after.owners[identifier])
    sources: dict[str, set[str]] = defaultdict(set)
    for owner, found in heirs.items():
        for heir in found:
            sources[heir].add(owner)
    parted = {owner for owner, found in heirs.items() if len(found) > 1}
    retold = {heir: tuple(sorted(found)) for heir, found in sources.items() if heir and found & parted}
    merges = {
        heir: tuple(sorted(found - {heir}))
        for heir, found in sources.items()
        if heir and heir not in retold and found - {heir}
    }
    return merges, retold


def _decisions(
    merges: Mapping[str, Sequence[str]],
    retold: Mapping[str, Sequence[str]],
    news: News,
    now: int,
    reason: str,
) -> list[Decision]:
    message_id = next((e.message_id for e in sorted(news.edges, key=lambda e: e.order) if e.message_id), "")
    entries = [Decision(now, "merged", w, tuple(losers), message_id, reason) for w, losers in merges.items()]
    entries += [
        Decision(now, "told anew", profile, tuple(s for s in sources if s != profile), message_id, reason)
        for profile, sources in retold.items()
    ]
    return sorted(entries, key=lambda d: (d.what, d.profile))
