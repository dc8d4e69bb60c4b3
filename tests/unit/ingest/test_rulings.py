"""What the graph holds that no event says comes out of the lake's lines as it went in."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise, product

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.graph import Cut, Edge, partition
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.lake import Amendment, to_line, to_row
from services.ingest.domain.policy import MANUAL, PUBLIC, strength
from services.ingest.domain.regroup import Component, Node
from services.ingest.domain.rulings import Rulings, erased_lines, erasures, lines_of, ruled, standing
from services.shared.clock import from_iso

NAMES = [Identifier("userId", f"u{n}") for n in range(4)] + [
    Identifier("email", f"{n}@x.nl") for n in range(3)
]
names = st.sampled_from(NAMES)
sides = st.frozensets(names, min_size=1, max_size=3)
pairs = (
    st.tuples(names, names)
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: sorted(pair, key=strength))
)
states = st.tuples(st.lists(pairs, max_size=4), st.lists(st.tuples(sides, sides), max_size=3))


def component(
    version: int, state: tuple[list[list[Identifier]], list[tuple[frozenset[Identifier], ...]]]
) -> Component:
    manual = [Edge(one, other, version, MANUAL, "manual") for one, other in state[0]]
    cuts = tuple(Cut(side, other - side) for side, other in state[1] if other - side)
    nodes = {name: Node() for name in NAMES}
    return Component("grp_1", version, nodes, {edge.pair: edge for edge in manual}, cuts)


@settings(max_examples=100)
@given(st.lists(states, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_what_stands_in_the_end_is_what_the_graph_holds(states: list, dice: random.Random) -> None:  # type: ignore[type-arg]
    """Whatever came and went, in whatever order and how often the lines are read, and through Parquet's columns."""
    now, lines = Component("grp_1", 0), []
    for version, state in enumerate(states, 1):
        after = component(version, state)
        kept = {pair: now.edges.get(pair, edge) for pair, edge in after.edges.items()}
        after = replace(after, edges=kept)
        told = ruled([now], after, at=1_000 + version)
        assert (told is None) == (_facts(now) == _facts(after))
        lines += lines_of(Rulings.from_json(told.to_json())) if told else []
        now = after
    lines = [to_line({**(row := to_row(one)), "received_at": from_iso(row["received_at"])}) for one in lines]
    lines += dice.sample(lines, len(lines) // 2)
    dice.shuffle(lines)
    found = standing(lines)
    assert {edge.pair: edge for edge in found.edges} == now.edges
    seen = [Edge(*sorted(pair, key=strength), 1, PUBLIC) for pair in pairwise(NAMES)]
    assert partition(NAMES, [*found.edges, *seen], found.cuts) == partition(
        NAMES, [*now.edges.values(), *seen], now.cuts
    )


def _facts(one: Component) -> tuple[object, ...]:
    cuts = {frozenset(pair) for cut in one.cuts for pair in product(cut.side, cut.other)}
    return set(one.edges), cuts


def test_who_is_forgotten_is_in_no_ruling_and_the_others_stand() -> None:
    ana, bob, eve = NAMES[:3]
    after = component(1, ([[ana, bob], [bob, eve]], [(frozenset({ana}), frozenset({bob, eve}))]))
    told = ruled([Component("grp_1", 0)], after, at=1_000)
    assert told is not None
    wanted = Amendment(forget=frozenset({"prf_ana"}), mentions=frozenset({ana.value}))
    left = [one for line in lines_of(told) if (one := wanted.apply(line))]
    assert len(left) == len(told.of) == 4
    found = standing(left)
    assert ([edge.pair[:2] for edge in found.edges], found.cuts) == ([(bob, eve)], ())
    assert standing(lines_of(told, gone={ana})) == found


def test_a_profile_id_that_a_parting_drew_is_told_with_it() -> None:
    ana, bob = NAMES[:2]
    before = component(1, ([[ana, bob]], []))
    before = replace(before, nodes={ana: Node("prf_a", 5), bob: Node()})
    after = replace(before, cuts=(Cut(frozenset({ana}), frozenset({bob})),))
    after = replace(after, nodes={ana: Node("prf_a", 5), bob: Node("prf_b", 9)})
    told = ruled([before], after, at=1_000)
    assert told is not None
    assert standing(lines_of(told)).births == {bob: Node("prf_b", 9)}


def test_a_profile_id_that_no_event_of_its_own_tells_is_told_alone() -> None:
    """Events parted them: nothing was decided by hand, and of one of the two an event is in the batch."""
    one, other = NAMES[:2]
    before = Component("grp_1", 1, {one: Node("prf_1", 5), other: Node()})
    after = Component("grp_1", 2, {one: Node("prf_1", 5), other: Node("prf_2", 7)})
    told = ruled([before], after, at=9)
    assert told is not None
    assert standing(lines_of(told)).births == {other: Node("prf_2", 7)}
    assert ruled([before], after, at=9, told={other}) is None


def test_a_mark_counts_from_its_last_erasure() -> None:
    first, later = (from_iso(f"2026-01-0{day}T00:00:00.000Z") for day in (1, 2))
    lines = [*erased_lines(["m1", "m2"], "ers_2", later), *erased_lines(["m1"], "ers_1", first)]
    assert erasures(lines) == {"m1": later, "m2": later}
    assert len({line["receipt"] for line in lines}) == 3
    assert standing(lines).edges == ()


def test_of_parted_people_each_keeps_the_lines_of_the_own_events() -> None:
    """Feedback belongs to whom its profile id leads; what can't be read goes with the profile it was read for."""
    ana, bob = NAMES[:2]

    def line(profile_id: str, **event: object) -> dict[str, object]:
        event = {"type": "page", "name": "Home", **event} if event else {}
        return {
            "receipt": "r-1",
            "source": "shop",
            "door": "feedback" if "profileId" in event else "http",
            "received_at": "2026-01-02T00:00:00.000Z",
            "message_id": "m-1",
            "profile_id": profile_id,
            "event": event or None,
        }

    wanted = Amendment(
        forget=frozenset({"prf_ana"}),
        parted=frozenset({"prf_bob"}),
        own=frozenset({ana}),
        others={bob: "prf_bob", "prf_bob": "prf_bob"},
    )
    kept = {
        "prf_ana": [line("prf_ana", userId=bob.value), line("prf_ana", profileId="prf_bob")],
        "prf_bob": [line("prf_bob", userId=bob.value), line("prf_bob", profileId="prf_bob"), line("prf_bob")],
    }
    for one in (*kept["prf_ana"], *kept["prf_bob"]):
        assert wanted.apply(one) == {**one, "profile_id": "prf_bob"}
    for who in ("prf_ana", "prf_bob"):
        assert wanted.apply(line(who, userId=ana.value)) is None
        assert wanted.apply(line(who, profileId="prf_ana")) is None
    assert wanted.apply(line("prf_ana")) is None
    assert wanted.apply(line("prf_eve", userId=ana.value)) == line("prf_eve", userId=ana.value)
