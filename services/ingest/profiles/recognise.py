"""Events to profiles, by what the identity graph knows; and what a batch reveals, into the graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.ingest.domain.erased import Sifted
from services.ingest.domain.history import Signed
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.known import Known, described
from services.ingest.domain.meeting import Meeting, meetings
from services.ingest.domain.policy import PUBLIC, TRUSTED, strength
from services.ingest.domain.regroup import Component, News, Node
from services.ingest.domain.strands import edges_of, previous
from services.ingest.ports import Identities, TooMany
from services.ingest.profiles.keeper import Keeper
from services.shared.aws.parallel import each

CONFLICT = "identity_conflict"
"""Note of an event whose identifiers belong to different people; the strongest decided."""

FULL = "identifier_limit"
"""Note of an event whose identifier was not attached, because the person has too many."""

SHARED = "identifier_shared"
"""Note of an event with an identifier that too many people use to say who somebody is."""

ATTEMPTS = 25
"""Rounds against concurrent consumers before the messages go back to the queue."""


class Crowded(Exception):
    """Other consumers kept changing the same people; the messages are to be tried again."""


@dataclass
class Recognised:
    """Per receipt the profile, and notes; the identifiers known to be a profile's; and the receipts of events that
    can't be recognised yet, with the reason. `born` is the profile id that was born with the event's strand, and when
    (ms): a rebuild from the lake must know. `taken` are the events without what of them was erased, `erased` the
    receipts of those that are an erased person's; `left_out`: see `Sifted`."""

    taken: Sequence[Signed] = ()
    erased: set[str] = field(default_factory=set)
    left_out: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    profile_of: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    identifiers_of: dict[str, set[Identifier]] = field(default_factory=lambda: defaultdict(set))
    not_yet: dict[str, str] = field(default_factory=dict)
    born: dict[str, tuple[str, int]] = field(default_factory=dict)


Learnt = dict[Identifier, Known]

Gate = Callable[[Sequence[Signed], Collection[Identifier]], Sifted]
"""Which events may go on, where some identifiers are known to be somebody's."""


def let_everyone(signed: Sequence[Signed], known: Collection[Identifier]) -> Sifted:
    """The gate where nobody was ever erased."""
    return Sifted(list(signed))


class Recogniser:
    """The use case. An event that says nothing new costs one read of its identifiers."""

    def __init__(
        self,
        *,
        identities: Identities,
        keeper: Keeper,
        now: Callable[[], int],
        new_profile_id: Callable[[], str],
        new_graph_id: Callable[[], str],
        gate: Gate = let_everyone,
    ) -> None:
        self._gate = gate
        self._identities = identities
        self._keeper = keeper
        self._now = now
        self._new_profile_id = new_profile_id
        self._new_graph_id = new_graph_id

    def recognise(self, signed: Sequence[Signed]) -> Recognised:
        """The profile of every event, with all that the batch reveals stored. Whoever stores first decides; the
        others read again. Whoever's people never settle is to come again.

        Raises:
            Crowded: nothing ever settled.
        """
        wanted = {i for one in signed for i in (*one.call.identifiers, *previous(one))}
        for left in reversed(range(ATTEMPTS)):
            known = self._identities.known(wanted)
            sifted = self._gate(signed, {i for i, found in known.items() if found.owner})
            learnt, waiting = self._learn(_news(sifted.kept, known), known, is_last=not left)
            if learnt is not None:
                recognised = _recognised(sifted.kept, {**known, **learnt}, waiting)
                return replace(recognised, taken=sifted.kept, erased=sifted.refused, left_out=sifted.left_out)
        raise Crowded("identifiers kept changing hands")

    def owners(self, identifiers: Collection[Identifier]) -> dict[Identifier, str]:
        """The profile of each identifier as of now; "": none."""
        found = self._identities.owners(identifiers) if identifiers else {}
        return {identifier: found.get(identifier, "") for identifier in identifiers}

    def _learn(
        self, news: News, known: Mapping[Identifier, Known], *, is_last: bool
    ) -> tuple[Learnt | None, dict[Identifier, str]]:
        """What the graph knows after `news` (`None`: read again), and identifiers whose people have to wait, with the
        type of the trouble: the last time also those that others kept changing."""
        wanted = {i for e in news.edges for i in (e.strong, e.weak)} | news.strands | news.named
        if not wanted:
            return {}, {}
        graph_ids = {known[i].graph_id for i in wanted if i in known and known[i].graph_id}
        graphs = self._identities.components(graph_ids) if graph_ids else {}
        if graph_ids - graphs.keys():
            return None, {}
        components = {i: self._component(i, known.get(i), graphs) for i in sorted(wanted, key=strength)}
        learnt: Learnt = {}
        waiting: dict[Identifier, str] = {}
        met = meetings(components, news)
        settled = each(lambda meeting: self._settle(meeting, news, known), met)
        for meeting, result in zip(met, settled, strict=True):
            if result is None and not is_last:
                return None, {}
            if result is None or isinstance(result, Exception):  # sends back only what speaks of these people
                trouble = Crowded if result is None else type(result)
                waiting |= dict.fromkeys(meeting.members, trouble.__name__)
            else:
                learnt |= result
        return learnt, waiting

    def _component(
        self, identifier: Identifier, known: Known | None, graphs: Mapping[str, Component]
    ) -> Component:
        if known is not None and known.graph_id:
            return graphs[known.graph_id]
        nodes = {} if known is None else {identifier: known.node}
        return Component(self._new_graph_id(), nodes=nodes)

    def _settle(self, meeting: Meeting, news: News, known: Mapping[Identifier, Known]) -> Learnt | None:
        mine = meeting.news(news.named, news.strands)
        if not (mine.edges or mine.left_out or mine.strands or mine.named & known.keys()):
            return {}
        if not mine.edges and not mine.left_out and meeting.members.isdisjoint(known):
            return self._add(mine.strands)
        return self._arrange(meeting.components, mine, known)

    def _arrange(
        self, components: Sequence[Component], news: News, known: Mapping[Identifier, Known]
    ) -> Learnt | None:
        """What does not fit one transaction is done in steps: the first half of the edges now, the rest is news again
        afterwards."""
        try:
            planned = self._keeper.plan(components, news)
            return described(planned.regrouping, known) if self._keeper.commit(planned, known) else None
        except TooMany:
            if len(news.edges) < 2:  # waiting will not help
                raise
        edges = news.edges[: len(news.edges) // 2]
        touched = {i for e in edges for i in (e.strong, e.weak)}
        met = [c for c in components if touched & c.nodes.keys()]
        self._arrange(met or components[:1], News(edges, news.named & touched, news.strands & touched), known)
        return None

    def _add(self, strands: Iterable[Identifier]) -> Learnt | None:
        (strand,) = strands
        node = Node(self._new_profile_id(), self._now())
        return {strand: Known(owner=node.home, node=node)} if self._identities.add(strand, node) else None


def _news(signed: Sequence[Signed], known: Mapping[Identifier, Known]) -> News:
    edges, named, strands = [], set(), set()
    for one in signed:
        if one.strand is None:
            continue
        new = [e for e in edges_of(one) if e.weak not in known or not known[e.weak].knows(e)]
        edges += new
        if one.strand not in known or not known[one.strand].owner:
            strands.add(one.strand)
        fresh = {i for e in new for i in (e.strong, e.weak)}
        named |= {
            i
            for i in one.call.identifiers
            if (i in fresh and i not in known) or (i in known and not known[i].node.named)
        }
    return News(tuple(edges), frozenset(named), frozenset(strands))


def _recognised(
    signed: Sequence[Signed], known: Mapping[Identifier, Known], waiting: Mapping[Identifier, str]
) -> Recognised:
    done = Recognised()
    for one in signed:
        if one.strand is None:
            done.profile_of[one.receipt] = one.call.profile_id
        elif one.strand in waiting:
            done.not_yet[one.receipt] = waiting[one.strand]
        else:
            owner = done.profile_of[one.receipt] = known[one.strand].owner
            node = known[one.strand].node
            if node.home:
                done.born[one.receipt] = (node.home, node.born)
            names = set(one.call.identifiers) | {i for i in previous(one) if _is_named(known.get(i))}
            own = {i for i in names if i in known and known[i].owner == owner}
            done.identifiers_of[owner] |= own
            if note := _note(one, [known.get(i, Known()) for i in sorted(names - own)]):
                done.notes[one.receipt] = note
    return done


def _is_named(known: Known | None) -> bool:
    return known is not None and known.node.named


def _note(one: Signed, others: Sequence[Known]) -> str:
    """Why some identifiers of an event are not its person's."""
    if any(other.owner for other in others):
        return CONFLICT
    trust = PUBLIC if one.public else TRUSTED
    if any(trust >= other.shared for other in others):
        return SHARED
    return FULL if others else ""
