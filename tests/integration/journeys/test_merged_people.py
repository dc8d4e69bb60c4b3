"""People who walk as one profile and turn out to be another: one walk a person, no message twice (F30)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from services.journeys.adapters.walks import DynamoWalks
from services.journeys.bootstrap import walking as bootstrap
from services.journeys.domain.enrolment import Enrolment
from services.journeys.service.fill import Filling
from services.journeys.service.join import Joining
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import Merge, ProfilesMerged
from services.shared.contracts.scoring import SegmentEntered, SegmentMove
from tests.integration.journeys.world import NOON, World, entered, left, rows_of, standing
from tests.unit.journeys.documents import REGROUPING, seed

DAY = timedelta(days=1)
REPEATING = {**seed("welcome"), "entry": {"on": [{"segment_entered": "first_order"}], "reentry": "always"}}


def merge(loser: str, winner: str, at: datetime = NOON) -> ProfilesMerged:
    return ProfilesMerged(merges=[Merge(loser=loser, winner=winner, at=at)])


def asked(entries: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((r["profile_id"], r["node"]) for r in rows_of(list(entries), "MessageRequested.v1"))


def ended(entries: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((r["profile_id"], r["reason"]) for r in rows_of(list(entries), "JourneyExited.v1"))


def test_a_walk_goes_on_as_the_winner_s(world: World) -> None:
    world.publish(seed("welcome"))
    world.facts(entered("first_order", "prf_b"))

    assert world.facts(merge("prf_b", "prf_a")) == []
    assert world.facts(merge("prf_b", "prf_a")) == []
    world.run_until(NOON + 40 * DAY)

    entries = world.published()
    assert asked(entries) == [("prf_a", "offer"), ("prf_a", "thank_you")]
    assert ended(entries) == [("prf_a", "completed"), ("prf_b", "merged")]
    assert sorted(r["profile_id"] for r in rows_of(entries, "JourneyEntered.v1")) == ["prf_a", "prf_b"]
    assert {e.status for e in world.executions.values()} == {"SUCCEEDED"}


@pytest.mark.parametrize("document", [seed("welcome"), REPEATING])
def test_of_two_walks_the_winner_s_stands_and_asks_for_nothing_again(
    world: World, document: dict[str, Any]
) -> None:
    world.publish(document)
    world.facts(entered("first_order", "prf_b"))
    world.run_until(NOON + 3 * DAY)
    world.facts(entered("first_order", "prf_a"))
    assert asked(world.published()) == [("prf_b", "thank_you")]

    world.facts(merge("prf_b", "prf_a", world.clock.now()))
    world.run_until(NOON + 50 * DAY)

    entries = world.published()
    assert asked(entries) == [("prf_a", "offer")]
    assert ended(entries) == [("prf_a", "completed"), ("prf_b", "merged")]
    assert world.walk("prf_a", "welcome")["inherited"].keys() == {"thank_you"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_chain_ends_at_its_end_in_whatever_order_it_is_told(world: World, order: tuple[int, ...]) -> None:
    """A<-B<-C, each with a walk of its own."""
    world.publish(seed("welcome"))
    facts: list[Fact] = [
        merge("prf_c", "prf_b"),
        merge("prf_b", "prf_a"),
        entered("first_order", "prf_c", "prf_b", "prf_a"),
    ]

    for i in (*order, *order):
        assert world.facts(facts[i]) == []
    world.run_until(NOON + 40 * DAY)

    assert asked(world.published()) == [("prf_a", "offer"), ("prf_a", "thank_you")]


def test_a_circle_of_merges_ends(world: World) -> None:
    world.publish(seed("welcome"))
    world.facts(entered("first_order", "prf_a"))

    assert world.facts(merge("prf_a", "prf_b"), merge("prf_b", "prf_a", NOON + DAY)) == []


def test_who_has_walked_it_as_somebody_else_does_not_walk_it_again(world: World) -> None:
    world.publish(seed("welcome"))
    world.facts(entered("first_order", "prf_b"))
    world.run_until(NOON + 40 * DAY)
    before = world.published()

    world.facts(merge("prf_b", "prf_a", world.clock.now()))
    world.facts(entered("first_order", "prf_a", version=9))
    world.run_until(NOON + 90 * DAY)

    assert len(asked(before)) == 2
    assert world.published() == []


def test_a_winner_who_has_walked_it_does_not_take_the_walk_over(world: World) -> None:
    world.publish(seed("welcome"))
    world.facts(entered("first_order", "prf_a"))
    world.run_until(NOON + 40 * DAY)
    world.facts(entered("first_order", "prf_b"))
    world.published()

    world.facts(merge("prf_b", "prf_a", world.clock.now()))
    world.run_until(NOON + 90 * DAY)

    assert (asked(entries := world.published()), ended(entries)) == ([], [("prf_b", "merged")])


def test_where_people_may_enter_again_a_winner_who_has_finished_takes_the_walk_over(world: World) -> None:
    world.publish(REPEATING)
    world.facts(entered("first_order", "prf_a"))
    world.run_until(NOON + 40 * DAY)
    world.facts(entered("first_order", "prf_b"))
    world.published()

    world.facts(merge("prf_b", "prf_a", world.clock.now()))
    world.run_until(NOON + 90 * DAY)

    assert asked(world.published()) == [("prf_a", "offer"), ("prf_a", "thank_you")]
    assert world.walk("prf_a", "welcome")["n"] == 2


def test_what_is_said_late_of_a_loser_begins_nothing(world: World) -> None:
    world.publish(seed("welcome"))
    world.facts(merge("prf_b", "prf_a"))

    assert world.facts(entered("first_order", "prf_b", version=7)) == []

    assert (world.started(), world.published()) == ({}, [])


def test_a_profile_merged_while_it_enters_leaves_no_walk_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5: the merge comes between looking at the profile and writing its walk; it is told again minutes later."""
    world.publish(seed("welcome"))
    enter = Joining.enter

    def overtaken(self: Joining, definition: object, entrants: object) -> int:
        with monkeypatch.context() as again:
            again.setattr(Joining, "enter", enter)
            bootstrap.reacting().react([merge("prf_b", "prf_a")])
        return enter(self, definition, entrants)  # type: ignore[arg-type]

    monkeypatch.setattr(Joining, "enter", overtaken)
    world.facts(entered("first_order", "prf_b"))
    monkeypatch.setattr(Joining, "enter", enter)
    world.facts(merge("prf_b", "prf_a"))
    world.run_until(NOON + 40 * DAY)

    assert asked(world.published()) == [("prf_a", "offer"), ("prf_a", "thank_you")]


def test_a_cohort_whose_worker_died_before_starting_it_is_started_for_the_winner(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5: once the profile is merged, the repetition of its entry would be none."""
    world.publish(seed("welcome"))
    with monkeypatch.context() as broken:
        broken.setattr(Filling, "start", lambda *_: 1 / 0)
        assert world.facts(entered("first_order", "prf_b")) == ["message-0"]

    world.facts(merge("prf_b", "prf_a"))
    assert world.facts(entered("first_order", "prf_b")) == []
    world.run_until(NOON + 40 * DAY)

    assert asked(world.published()) == [("prf_a", "offer"), ("prf_a", "thank_you")]


@pytest.mark.parametrize("document", [seed("welcome"), REGROUPING])
def test_a_profile_merged_between_reading_and_writing_its_walk_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, document: dict[str, Any]
) -> None:
    """F7, F11: a step holds the loser's walk in its hands while the walk is handed over."""
    world.publish(document)
    segment = document["entry"]["on"][0]["segment_entered"]
    world.facts(entered(segment, "prf_b", orders=2))
    world.facts(SegmentEntered(moves=[_inside("prf_a", segment)]) if segment == "in" else merge("x", "y"))
    members, merged = DynamoWalks.members, Counter[str]()

    def overtaken(
        self: DynamoWalks, refs: Iterable[str], name: str, cohort: str, *, exact: bool = False
    ) -> list[Enrolment]:
        here = members(self, refs, name, cohort, exact=exact)
        if world.clock.now() > NOON + DAY and not merged["done"]:
            merged["done"] += 1
            bootstrap.reacting().react([merge("prf_b", "prf_a")])
        return here

    monkeypatch.setattr(DynamoWalks, "members", overtaken)
    world.run_until(NOON + 60 * DAY)

    entries = world.published()
    assert merged["done"] == 1
    walks = {pk: row for (pk, sk), row in world.items().items() if sk.startswith("E#")}
    assert {row["status"] for row in walks.values()} == {"exited"}
    assert max(Counter(node for _, node in asked(entries)).values()) == 1
    assert {e.status for e in world.executions.values()} == {"SUCCEEDED"}


def _inside(profile: str, segment: str) -> SegmentMove:
    return SegmentMove(segment="another", at=NOON, standing=standing(profile, 1, segment, orders=2))


def test_a_walk_taken_over_ends_where_the_winner_is_not_in_the_segment(world: World) -> None:
    world.publish(REGROUPING)
    world.facts(entered("in", "prf_b"), SegmentEntered(moves=[_inside("prf_a", "elsewhere")]))
    world.run_until(NOON + DAY)

    world.facts(merge("prf_b", "prf_a", world.clock.now()))
    world.run_until(NOON + 9 * DAY)

    assert ended(world.published()) == [("prf_a", "segment_exited:in"), ("prf_b", "merged")]


def test_a_profile_given_back_may_walk_again(world: World) -> None:
    """F31: what comes late of before the merge does not pass for it, nor does the merge told once more."""
    world.publish(REPEATING)
    world.facts(entered("first_order", "prf_b"))
    world.facts(merge("prf_b", "prf_a", NOON + DAY))
    told_anew = standing("prf_b", 5, "first_order").model_copy(
        update={"since": 3, "since_at": NOON + 2 * DAY}
    )
    move = SegmentMove(segment="first_order", at=NOON, standing=told_anew)

    assert world.facts(entered("first_order", "prf_b", version=4)) == []
    assert world.walk("prf_b", "welcome")["status"] == "exited"
    assert world.facts(SegmentEntered(moves=[move])) == []
    assert world.facts(merge("prf_b", "prf_a", NOON + DAY)) == []

    walk = world.walk("prf_b", "welcome")
    assert (walk["status"], walk["n"]) == ("active", 2)
    assert world.facts(merge("prf_b", "prf_a", NOON + 3 * DAY)) == []
    assert world.walk("prf_b", "welcome")["status"] == "exited"


@pytest.mark.parametrize("seed_number", range(8))
def test_whatever_the_order_nobody_gets_a_message_twice(world: World, seed_number: int) -> None:
    """F1, F2, F30: entries and merges of six profiles that are two people, in any order, days apart, some twice."""
    chance = random.Random(seed_number)
    world.publish(seed("welcome"))
    people = {"prf_a": ["prf_a", "prf_b", "prf_c"], "prf_x": ["prf_x", "prf_y", "prf_z"]}
    facts: list[Fact] = [entered("first_order", p) for ids in people.values() for p in ids]
    facts += [
        merge("prf_c", "prf_b"),
        merge("prf_b", "prf_a"),
        merge("prf_z", "prf_x"),
        merge("prf_y", "prf_x"),
    ]
    facts += chance.sample(facts, 4)
    chance.shuffle(facts)
    requested: list[tuple[str, str]] = []

    for fact in facts:
        assert world.facts(fact) == []
        world.run_until(world.clock.now() + timedelta(minutes=chance.choice((1, 60))))
        requested += asked(world.published())
    world.run_until(NOON + 50 * DAY)
    requested += asked(world.published())

    assert sorted(requested) == sorted((who, node) for who in people for node in ("thank_you", "offer"))
    assert {e.status for e in world.executions.values()} == {"SUCCEEDED"}
    assert not [w for (_, sk), w in world.items().items() if sk[:2] == "E#" and w["status"] == "active"]


def test_who_left_the_segment_as_a_loser_is_not_taken_out_as_the_winner(world: World) -> None:
    world.publish(seed("lapsed"))
    world.facts(entered("no_order_90d", "prf_b"))
    world.facts(merge("prf_b", "prf_a"))

    world.facts(left("no_order_90d", "prf_b", version=99))

    assert world.walk("prf_a", "lapsed")["status"] == "active"
