"""Taking a person out of the identity graph without changing who anybody else is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import combinations

from services.ingest.domain.graph import Cut
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.regroup import Component, Decision


def names_of(component: Component, profile_ids: Collection[str]) -> frozenset[Identifier]:
    """All identifiers of these profiles in a component, and those that belong to nobody and are linked only to them
    (a previous id that no event has named)."""
    own = {identifier for identifier, owner in component.owners.items() if owner in profile_ids}
    own |= {i for i, node in component.nodes.items() if node.home in profile_ids}
    linked: dict[Identifier, set[Identifier]] = {i: set() for i in component.nodes}
    for edge in component.edges.values():
        linked[edge.strong].add(edge.weak)
        linked[edge.weak].add(edge.strong)
    nobodys = {i for i, owner in component.owners.items() if not owner and linked[i] and linked[i] <= own}
    return frozenset(own | nobodys)


def uprooted(component: Component, gone: frozenset[Identifier], profile_ids: Collection[str]) -> Component:
    """`component` without the identifiers `gone`, their edges, and the decisions about `profile_ids`.

    An identifier that many people used to share may be shared by few now; a cut then keeps apart who was apart.
    """
    groups = [group - gone for group in component.partition.groups if group - gone]
    left = replace(
        component,
        version=component.version + 1,
        nodes={i: node for i, node in component.nodes.items() if i not in gone},
        edges={p: e for p, e in component.edges.items() if e.strong not in gone and e.weak not in gone},
        cuts=tuple(_cuts_without(component.cuts, gone)),
    )
    left = replace(left, log=tuple(decisions_without(component.log, profile_ids, left)))
    while joined := _joined(groups, left):
        left = replace(left, cuts=(*left.cuts, *joined))
    return left


def _joined(groups: Iterable[frozenset[Identifier]], component: Component) -> list[Cut]:
    """Cuts between people who were apart and are one in `component`; a cut may let the next pair join."""
    apart = sorted(groups, key=sorted)
    return [
        Cut(one, other)
        for one, other in combinations(apart, 2)
        if any(one <= now and other <= now for now in component.partition.groups)
    ]


def decisions_without(
    log: Iterable[Decision], profile_ids: Collection[str], left: Component
) -> list[Decision]:
    """Decisions about other profiles. A message id stays only where it is known to be theirs, because an edge that is
    `left` has it: the decision may have been caused by the event of who is gone."""
    theirs = {edge.message_id for edge in left.edges.values()}
    return [
        one if one.message_id in theirs else replace(one, message_id="")
        for one in log
        if one.profile not in profile_ids and not {*one.others} & {*profile_ids}
    ]


def _cuts_without(cuts: Iterable[Cut], gone: frozenset[Identifier]) -> Iterable[Cut]:
    for cut in cuts:
        if cut.side - gone and cut.other - gone:
            yield Cut(cut.side - gone, cut.other - gone)
