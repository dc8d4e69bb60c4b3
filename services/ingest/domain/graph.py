"""Who is who: a pure function of what was seen together, so that the order of arrival can't matter.

Edges are taken one after the other in a canonical order (trust, time, names). Each joins the people of its two
identifiers, unless a rule forbids it. People only grow while edges are taken, and every rule that forbids a joining
forbids it of larger people too: a refused edge would be refused again, so of a pair only its first edge matters.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from services.ingest.domain.identifiers import USER_ID, Identifier
from services.ingest.domain.policy import (
    MANUAL,
    MAX_ALIASES,
    SHARED_AFTER,
    TRUSTED,
    is_stronger,
    limit,
    strength,
)

EdgeKind = Literal["seen", "alias", "manual"]
Verdict = Literal["joined", "known", "shared", "cut", "conflict", "limit"]
"""What became of an edge: it joined two people, said what others had said already, or why not: the weaker identifier
is shared, a marketer parted them, both are known as different people, too many identifiers of a kind."""


@dataclass(frozen=True)
class Edge:
    """Two identifiers of one event (`at`: ms since the epoch, as far as it is believed), of its strongest and another;
    or a previous user id and the new one (`alias`); or a marketer's decision (`manual`)."""

    strong: Identifier
    weak: Identifier
    at: int
    trust: int
    kind: EdgeKind = "seen"
    message_id: str = ""

    @property
    def pair(self) -> tuple[Identifier, Identifier, EdgeKind]:
        """What the edge is about."""
        return self.strong, self.weak, self.kind

    @property
    def rank(self) -> tuple[int, int]:
        """Of two edges of a pair the lower counts."""
        return self.trust, self.at

    @property
    def order(self) -> tuple[object, ...]:
        """The canonical order."""
        return self.trust, self.at, self.kind != "alias", strength(self.strong), strength(self.weak)


Pair = tuple[Identifier, Identifier, EdgeKind]


@dataclass(frozen=True)
class Cut:
    """A marketer's decision that no identifier of one side is the same person as one of the other."""

    side: frozenset[Identifier]
    other: frozenset[Identifier]

    def forbids(self, a: frozenset[Identifier], b: frozenset[Identifier]) -> bool:
        """May these two people not be one?"""
        return bool((a & self.side and b & self.other) or (a & self.other and b & self.side))


@dataclass(frozen=True)
class Partition:
    """People, as sets of identifiers, and what became of each edge; `shared` says from which trust on an identifier's
    edges count for nothing."""

    groups: frozenset[frozenset[Identifier]]
    verdicts: Mapping[Pair, Verdict]
    shared: Mapping[Identifier, int]


def first_edges(edges: Iterable[Edge]) -> dict[Pair, Edge]:
    """Of every pair the edge that counts."""
    first: dict[Pair, Edge] = {}
    for edge in edges:
        old = first.get(edge.pair)
        if old is None or (edge.rank, edge.message_id) < (old.rank, old.message_id):
            first[edge.pair] = edge
    return first


def partition(nodes: Iterable[Identifier], edges: Iterable[Edge], cuts: Iterable[Cut] = ()) -> Partition:
    """Who is who among `nodes`: the identifiers that events have named as their own. An edge to any other (a previous
    id that nobody ever used) counts for nothing."""
    known = set(nodes)
    counted = [e for e in first_edges(edges).values() if e.strong in known and e.weak in known]
    shared = _shared(counted)
    people = {node: frozenset((node,)) for node in known}
    verdicts: dict[Pair, Verdict] = {}
    cuts = tuple(cuts)
    for edge in sorted(counted, key=lambda e: e.order):
        a, b = people[edge.strong], people[edge.weak]
        verdict = verdicts[edge.pair] = _verdict(edge, a, b, cuts, shared)
        if verdict == "joined":
            joined = a | b
            people |= dict.fromkeys(joined, joined)
    return Partition(frozenset(people.values()), verdicts, shared)


def _verdict(
    edge: Edge,
    a: frozenset[Identifier],
    b: frozenset[Identifier],
    cuts: Iterable[Cut],
    shared: Mapping[Identifier, int],
) -> Verdict:
    if a == b:
        return "known"
    if edge.kind == "seen" and edge.trust >= shared.get(edge.weak, edge.trust + 1):
        return "shared"
    if any(cut.forbids(a, b) for cut in cuts):
        return "cut"
    if edge.kind == "manual":
        return "joined"
    kinds = Counter(node.kind for node in a | b)
    if edge.kind == "alias":
        return "joined" if kinds[USER_ID] <= MAX_ALIASES else "limit"
    return _by_kind(edge, a, b, kinds)


def _by_kind(
    edge: Edge, a: frozenset[Identifier], b: frozenset[Identifier], kinds: Mapping[str, int]
) -> Verdict:
    """What is weaker can't join people of whom something stronger is known to differ: two users on one device, two
    newsletter readers on one tablet."""
    told_apart = {n.kind for n in a} & {n.kind for n in b}
    if any(is_stronger(kind, edge.weak.kind) for kind in told_apart):
        return "conflict"
    if any(kinds[kind] > limit(kind) for kind in told_apart):
        return "limit"
    return "joined"


def _shared(edges: Iterable[Edge]) -> dict[Identifier, int]:
    """Web pages are not believed about an identifier that is seen with many; the company's systems are, until they
    name many themselves."""
    everyone: dict[tuple[Identifier, str], set[Identifier]] = defaultdict(set)
    trusted: dict[tuple[Identifier, str], set[Identifier]] = defaultdict(set)
    for edge in edges:
        if edge.kind == "seen":
            everyone[edge.weak, edge.strong.kind].add(edge.strong)
            if edge.trust <= TRUSTED:
                trusted[edge.weak, edge.strong.kind].add(edge.strong)
    shared = {weak: TRUSTED + 1 for (weak, _), found in everyone.items() if len(found) > SHARED_AFTER}
    return shared | {weak: MANUAL + 1 for (weak, _), found in trusted.items() if len(found) > SHARED_AFTER}
