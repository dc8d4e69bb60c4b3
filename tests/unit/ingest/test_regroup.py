"""What new edges mean for profiles: ids are never lost, and only histories that are told anew change hands in part."""

from __future__ import annotations

import itertools
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.ingest.domain.graph import Cut, Edge
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.meeting import meetings
from services.ingest.domain.policy import MAX_COMPONENT, PUBLIC
from services.ingest.domain.regroup import Component, News, Node, Regrouping, regroup
from tests.unit.ingest.test_graph import device, edges, email, seen, user


def ids() -> Any:
    numbers = itertools.count(1)
    return lambda: f"prf_{next(numbers)}"


def news(*batch: Edge) -> News:
    named = frozenset(i for e in batch for i in (e.strong, e.weak))
    return News(batch, named, frozenset(e.strong for e in batch))


def check(done: Regrouping) -> None:
    """Every identifier went where `merges` and `retold` say."""
    (before,) = done.before
    after = done.after
    to = {loser: winner for winner, losers in done.merges.items() for loser in losers}
    parted = {source for sources in done.retold.values() for source in sources}
    for identifier, owner in before.owners.items():
        if owner and owner not in parted:
            assert after.owners[identifier] == to.get(owner, owner)
        elif owner and after.owners[identifier]:
            assert owner in done.retold[after.owners[identifier]]
    for profile_id in before.leads:
        assert after.leads[profile_id] in after.owners.values()
    owners = [{after.owners[i] for i in group} for group in after.partition.groups]
    assert all(len(found) == 1 for found in owners)
    real = [owner for found in owners for owner in found if owner]
    assert len(real) == len(set(real))


PARTED_BY_A_LIMIT = [
    Edge(user(new), user(previous), 0, PUBLIC, "alias")
    for new, previous in ((1, 2), (1, 3), (6, 1), (1, 4), (1, 5))
]
"""The last two come before the third in the canonical order, and with them the limit of aliases is reached: a user
who was joined, and has no profile of its own, is parted again."""


class InOrder(Random):
    """Shuffles nothing."""

    def shuffle(self, x: Any) -> None:
        pass


def regrouped(component: Component, batch: News, told: frozenset[Identifier], **how: Any) -> Regrouping:
    """As the keeper does it: whose events (`told`) are left without a profile by an un-merge gets one."""
    done = regroup([component], batch, **how)
    orphans = frozenset(strand for strand in told if done.after.owners[strand] == "")
    assert done.retold or not orphans
    if orphans:
        done = regroup([component], replace(batch, strands=batch.strands | orphans), **how)
    return done


@settings(max_examples=100)
@given(st.lists(edges(), min_size=1, max_size=30), st.randoms(use_true_random=False), st.integers(1, 4))
@example(PARTED_BY_A_LIMIT, InOrder(), 1)
def test_batches_in_any_order_end_in_the_same_people(drawn: list[Edge], random: Any, size: int) -> None:
    """F2; and at each step every event stays with, or goes to, the profile that is said to have it."""
    named = news(*drawn)
    whole = regroup([Component("g")], named, now=1, new_profile_id=ids()).after
    shuffled = drawn + drawn[::3]
    random.shuffle(shuffled)
    new_id, component, told = ids(), Component("g"), frozenset[Identifier]()
    for now, start in enumerate(range(0, len(shuffled), size)):
        batch = news(*shuffled[start : start + size])
        done = regrouped(component, batch, told, now=now, new_profile_id=new_id)
        check(done)
        component, told = done.after, told | batch.strands
    assert component.partition == whole.partition
    assert all(component.owners[strand] for strand in named.strands)


@settings(max_examples=50)
@given(st.lists(edges(), min_size=2, max_size=20))
def test_a_cut_and_its_removal_give_every_id_back(drawn: list[Edge]) -> None:
    new_id = ids()
    before = regroup([Component("g")], news(*drawn), now=1, new_profile_id=new_id).after
    one = drawn[0].strong
    rest = before.group_of(one) - {one}
    cut = (Cut(frozenset({one}), rest),)
    parted = regroup([before], News(strands=frozenset({one})), now=2, new_profile_id=new_id, cuts=cut)
    check(parted)
    assert parted.after.group_of(one).isdisjoint(rest)
    again = regroup([parted.after], News(), now=3, new_profile_id=new_id, cuts=())
    check(again)
    assert again.after.partition == before.partition


def test_the_winner_is_the_stronger_then_the_older() -> None:
    nodes = {
        device(1): Node("prf_visitor", born=1),
        email(1): Node("prf_reader", born=3),
        user(1): Node("prf_customer", born=5),
    }
    component = Component("g", 1, nodes)
    done = regroup([component], News((seen(email(1), device(1)),)), now=9, new_profile_id=ids(), reason="why")
    assert done.merges == {"prf_reader": ("prf_visitor",)}
    done = regroup([done.after], News((seen(user(1), email(1)),)), now=9, new_profile_id=ids())
    assert done.merges == {"prf_customer": ("prf_reader",)}
    assert done.after.leads == dict.fromkeys(("prf_visitor", "prf_reader", "prf_customer"), "prf_customer")
    assert [(d.what, d.profile, d.others) for d in done.after.log] == [
        ("merged", "prf_reader", ("prf_visitor",)),
        ("merged", "prf_customer", ("prf_reader",)),
    ]


def test_components_meet_only_as_far_as_one_may_grow() -> None:
    def full(tag: str, size: int) -> Component:
        nodes = {Identifier("anonymousId", f"{tag}{n}"): Node() for n in range(size - 1)}
        return Component(tag, 1, {user(tag): Node(f"prf_{tag}"), **nodes})

    small, large = full("s", 10), full("l", MAX_COMPONENT - 5)
    link = Edge(user("l"), user("s"), 0, PUBLIC, "alias")
    (one, other) = meetings({user("s"): small, user("l"): large}, news(link))
    assert {len(one.left_out), len(other.left_out)} == {0, 1}
    (met,) = meetings({user("s"): small, user("l"): replace(large, nodes={user("l"): Node()})}, news(link))
    assert (len(met.components), met.edges, met.left_out) == (2, [link], [])
