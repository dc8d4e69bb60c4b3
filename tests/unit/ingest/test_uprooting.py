"""Taking somebody out of the identity graph changes nobody else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.graph import Cut, Edge, first_edges
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.policy import PUBLIC, SHARED_AFTER, strength
from services.ingest.domain.regroup import Component, Decision, Node
from services.ingest.domain.uprooting import names_of, uprooted

USERS = [Identifier("userId", f"u{n}") for n in range(8)]
OTHERS = [Identifier(kind, f"{kind}{n}") for kind in ("email", "anonymousId") for n in range(4)]


def component(edges: list[Edge]) -> Component:
    nodes = {i: Node(f"prf_{i.value}", 1) for e in edges for i in (e.strong, e.weak)}
    return Component("grp_1", 1, nodes, first_edges(edges))


def seen(strong: Identifier, weak: Identifier, at: int = 1) -> Edge:
    return Edge(*sorted((strong, weak), key=strength), at, PUBLIC)


@settings(max_examples=100)
@given(
    st.lists(st.builds(seen, st.sampled_from(USERS), st.sampled_from(OTHERS), st.integers(1, 9)), min_size=1),
    st.data(),
)
def test_nobody_else_changes(edges: list[Edge], data: st.DataObject) -> None:
    before = component(edges)
    erased = data.draw(st.sampled_from(sorted(set(before.owners.values()))))
    ids = {home for home, leads in before.leads.items() if leads == erased}
    gone = names_of(before, ids)

    after = uprooted(before, gone, ids)

    assert gone >= {i for i, owner in before.owners.items() if owner == erased}
    assert not gone & after.nodes.keys()
    left = {i: owner for i, owner in before.owners.items() if i not in gone}
    assert dict(after.owners) == left
    assert {i for e in after.edges.values() for i in (e.strong, e.weak)} <= left.keys()


def test_a_device_that_was_shared_by_many_does_not_become_the_next_ones() -> None:
    tablet = OTHERS[4]
    before = component([seen(user, tablet, n) for n, user in enumerate(USERS[: SHARED_AFTER + 1])])
    assert len(before.partition.groups) == SHARED_AFTER + 2

    after = uprooted(before, frozenset({USERS[0]}), {"prf_u0"})

    assert len(after.partition.groups) == SHARED_AFTER + 1
    assert after.cuts


def test_a_name_that_nobody_used_goes_with_who_named_it() -> None:
    never = Identifier("anonymousId", "never-seen")
    before = component([seen(USERS[0], OTHERS[0])])
    edge = seen(USERS[0], never)
    nodes = {**before.nodes, never: Node(named=False)}
    before = Component("grp_1", 1, nodes, {**before.edges, edge.pair: edge})
    assert never in names_of(before, set(before.owners.values()) - {""})


def test_decisions_and_cuts_about_the_person_go() -> None:
    before = component([seen(USERS[0], OTHERS[0]), seen(USERS[1], OTHERS[1])])
    log = (Decision(1, "joined", "prf_u0", ("prf_email0",)), Decision(2, "joined", "prf_u1", ("prf_email1",)))
    cut = Cut(frozenset({USERS[0]}), frozenset({USERS[1]}))
    before = Component("grp_1", 1, before.nodes, before.edges, (cut,), log)

    after = uprooted(before, frozenset({USERS[0], OTHERS[0]}), {"prf_u0", "prf_email0"})

    assert (after.log, after.cuts) == (log[1:], ())
