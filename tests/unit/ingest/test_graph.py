"""Who is who: laws of the identity function."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.graph import Cut, Edge, Partition, first_edges, partition
from services.ingest.domain.history import Signed
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.policy import (
    BACKDATE,
    MANUAL,
    MAX_ALIASES,
    PUBLIC,
    SHARED_AFTER,
    TRUSTED,
    strength,
)
from services.ingest.domain.strands import edges_of
from services.ingest.domain.validate import validate
from tests.unit.ingest.fakes import NOW, identify


def user(n: object) -> Identifier:
    return Identifier("userId", f"u{n}")


def email(n: object) -> Identifier:
    return Identifier("email", f"e{n}@example.com")


def device(n: object) -> Identifier:
    return Identifier("anonymousId", f"x{n}")


def seen(a: Identifier, b: Identifier, at: int = 0, trust: int = PUBLIC) -> Edge:
    strong, weak = sorted((a, b), key=strength)
    return Edge(strong, weak, at, trust)


def alias(new: Identifier, previous: Identifier, at: int = 0) -> Edge:
    return Edge(new, previous, at, PUBLIC, "alias")


def people(*edges: Edge, cuts: tuple[Cut, ...] = (), nodes: set[Identifier] | None = None) -> Partition:
    return partition(
        nodes or {n for e in edges for n in (e.strong, e.weak)},
        edges,
        cuts,
    )


def group(found: Partition, of: Identifier) -> set[Identifier]:
    (one,) = (g for g in found.groups if of in g)
    return set(one)


identifiers = st.one_of(
    st.builds(user, st.integers(1, 8)),
    st.builds(email, st.integers(1, 4)),
    st.builds(lambda n: Identifier("externalId:crm", str(n)), st.integers(1, 2)),
    st.builds(device, st.integers(1, 4)),
)


@st.composite
def edges(draw: Any) -> Edge:
    a, b = draw(st.lists(identifiers, min_size=2, max_size=2, unique=True))
    at, trust = draw(st.integers(0, 5)), draw(st.sampled_from([TRUSTED, PUBLIC]))
    if a.kind == b.kind == "userId":
        return Edge(a, b, at, trust, "alias")
    return seen(a, b, at, trust)


@settings(max_examples=100)
@given(st.lists(edges(), max_size=40), st.randoms(use_true_random=False), st.integers(1, 5))
def test_order_repetition_and_cut_of_the_edges_do_not_matter(
    drawn: list[Edge], random: Any, size: int
) -> None:
    """F2: any permutation, any duplication, any split into batches of which only the first edges are kept."""
    expected = people(*drawn)
    shuffled = drawn + drawn[::2]
    random.shuffle(shuffled)
    kept: list[Edge] = []
    for start in range(0, len(shuffled), size):
        kept = list(first_edges([*kept, *shuffled[start : start + size]]).values())
    assert people(*kept, nodes={n for e in drawn for n in (e.strong, e.weak)}) == expected


@settings(max_examples=100)
@given(st.lists(edges(), max_size=40))
def test_limits_hold_and_a_shared_identifier_joins_nobody(drawn: list[Edge]) -> None:
    found = people(*drawn)
    alias_joined = any(e.kind == "alias" for e in drawn)
    for one in found.groups:
        assert sum(n.kind == "userId" for n in one) <= (MAX_ALIASES if alias_joined else 1)
    for weak, from_trust in found.shared.items():
        for edge in drawn:
            if edge.weak == weak and edge.kind == "seen" and from_trust == TRUSTED:
                assert found.verdicts[edge.pair] in ("shared", "known")


@settings(max_examples=50)
@given(st.lists(edges(), max_size=30), identifiers, identifiers)
def test_a_cut_is_kept_whatever_was_seen(drawn: list[Edge], a: Identifier, b: Identifier) -> None:
    if a == b:
        return
    found = people(*drawn, cuts=(Cut(frozenset({a}), frozenset({b})),))
    assert not any(a in one and b in one for one in found.groups)


def test_ten_users_on_one_device_stay_ten_people() -> None:
    for count in (2, SHARED_AFTER, 10):
        found = people(*(seen(user(i), device(0), at=i) for i in range(count)))
        assert sum(1 for g in found.groups if any(n.kind == "userId" for n in g)) == count
        assert all(sum(n.kind == "userId" for n in g) <= 1 for g in found.groups)
        owner = group(found, device(0))
        assert owner == ({user(0), device(0)} if count <= SHARED_AFTER else {device(0)})


def test_the_first_user_of_a_device_is_its_owner_even_when_seen_last() -> None:
    found = people(seen(user(2), device(0), at=5), seen(user(1), device(0), at=1))
    assert group(found, device(0)) == {user(1), device(0)}


def test_two_readers_on_one_tablet_stay_two() -> None:
    found = people(seen(email(1), device(0), 1), seen(email(2), device(0), 2))
    assert len(found.groups) == 2
    found = people(seen(email(1), device(0), 1), seen(user(2), email(2), 2), seen(user(2), device(0), 2))
    assert group(found, user(2)) == {user(2), email(2)}


def test_one_user_may_change_the_address_and_share_none() -> None:
    found = people(seen(user(1), email(1), 1), seen(user(1), email(2), 2))
    assert group(found, user(1)) == {user(1), email(1), email(2)}
    found = people(seen(user(1), email(1), 1), seen(user(2), email(1), 2))
    assert len(found.groups) == 2
    assert found.verdicts[user(2), email(1), "seen"] == "conflict"


def test_the_company_s_systems_are_believed_before_web_pages() -> None:
    page = seen(user("evil"), email(1), at=1)
    shop = seen(user(1), email(1), at=9, trust=TRUSTED)
    assert group(people(page, shop), email(1)) == {user(1), email(1)}


def test_web_pages_can_not_spoil_an_address_the_shop_vouches_for() -> None:
    pages = [seen(user(f"evil{i}"), email(1), at=i) for i in range(SHARED_AFTER + 1)]
    shop = seen(user(1), email(1), at=99, trust=TRUSTED)
    assert group(people(*pages, shop), email(1)) == {user(1), email(1)}
    assert group(people(*pages), email(1)) == {email(1)}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_alias_gives_a_user_a_second_name(order: tuple[int, ...]) -> None:
    all_ = [seen(user("1"), device(0), 1), seen(user("1b"), device(0), 3), alias(user("1b"), user("1"), 2)]
    assert group(people(*(all_[i] for i in order)), device(0)) == {user("1"), user("1b"), device(0)}


def test_aliases_are_few() -> None:
    found = people(*(alias(user(i + 1), user(i), i) for i in range(MAX_ALIASES + 2)))
    assert max(len(g) for g in found.groups) == MAX_ALIASES


def test_a_previous_id_that_nobody_ever_used_joins_nobody() -> None:
    ghost = user("ghost")
    found = people(alias(user(1), ghost), alias(user(2), ghost), nodes={user(1), user(2)})
    assert found.groups == {frozenset({user(1)}), frozenset({user(2)})}


def test_a_marketer_may_join_two_users_and_a_later_cut_parts_them() -> None:
    manual = Edge(user(1), user(2), 0, MANUAL, "manual")
    assert len(people(manual).groups) == 1
    assert len(people(manual, cuts=(Cut(frozenset({user(1)}), frozenset({user(2)})),)).groups) == 2


@pytest.mark.parametrize(
    ("public", "counts"), [(True, NOW - BACKDATE), (False, datetime(1999, 1, 1, tzinfo=UTC))]
)
def test_a_public_door_can_not_say_that_it_was_long_ago(public: bool, counts: datetime) -> None:
    """Otherwise whoever has a web page's key could claim an address by an event of 1999."""
    call = validate(
        {**identify(traits={"email": "ana@example.com"}), "timestamp": "1999-01-01T00:00:00Z"},
        received_at=NOW,
        message_id="m",
    )
    (edge,) = edges_of(Signed("r", call, public=public, received_at=NOW))
    assert (edge.at, edge.trust) == (round(counts.timestamp() * 1000), PUBLIC if public else TRUSTED)


def test_an_alias_speaks_of_a_user_or_a_visitor() -> None:
    call = {"type": "alias", "userId": "new", "previousId": "old", "anonymousId": "x"}
    one = Signed("r", validate(call, received_at=NOW, message_id="m"), received_at=NOW)
    found = {(e.strong.key, e.weak.key, e.kind) for e in edges_of(one)}
    assert found == {
        ("userId#new", "anonymousId#x", "seen"),
        ("userId#new", "userId#old", "alias"),
        ("userId#new", "anonymousId#old", "seen"),
    }
