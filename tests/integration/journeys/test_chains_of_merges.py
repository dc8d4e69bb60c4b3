"""Profiles that are merged into profiles that are gone, and profiles that are given back and walk again (F30, F31)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.journeys.adapters.standings import DynamoStandings
from services.journeys.adapters.walks import DynamoWalks
from services.journeys.bootstrap import walking as bootstrap
from services.journeys.domain.merging import Gone
from services.shared.contracts.scoring import SegmentEntered, SegmentMove
from tests.integration.journeys.test_merged_people import DAY, REPEATING, asked, ended, merge
from tests.integration.journeys.world import NOON, World, entered, standing
from tests.unit.journeys.documents import seed


def given_back(profile: str, version: int, days: int) -> SegmentEntered:
    told_anew = standing(profile, version, "first_order").model_copy(
        update={"since": 3, "since_at": NOON + days * DAY}
    )
    return SegmentEntered(moves=[SegmentMove(segment="first_order", at=NOON, standing=told_anew)])


def test_what_was_asked_for_is_inherited_through_a_profile_that_is_gone(world: World) -> None:
    """F30: C is merged into B when B is A already."""
    world.publish(seed("welcome"))
    world.facts(entered("first_order", "prf_c"))
    world.run_until(NOON + 3 * DAY)
    world.facts(entered("first_order", "prf_b"))
    assert asked(world.published()) == [("prf_c", "thank_you")]

    assert world.facts(merge("prf_b", "prf_a", world.clock.now())) == []
    assert world.facts(merge("prf_c", "prf_b", world.clock.now())) == []
    world.run_until(NOON + 50 * DAY)

    entries = world.published()
    assert asked(entries) == [("prf_a", "offer")]
    assert ended(entries) == [("prf_a", "completed"), ("prf_b", "merged"), ("prf_c", "merged")]


def test_a_winner_that_goes_on_as_somebody_else_while_it_inherits_hands_on_all_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F30: B goes on as A between the look at its walk and the write that lets it inherit."""
    world.publish(seed("welcome"))
    world.facts(entered("first_order", "prf_c"))
    world.run_until(NOON + 3 * DAY)
    world.facts(entered("first_order", "prf_b"))
    world.published()
    hand_over = DynamoWalks.hand_over

    def overtaken(self: DynamoWalks, *args: object) -> bool:
        monkeypatch.setattr(DynamoWalks, "hand_over", hand_over)
        bootstrap.reacting().react([merge("prf_b", "prf_a", world.clock.now())])
        return hand_over(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(DynamoWalks, "hand_over", overtaken)
    assert world.facts(merge("prf_c", "prf_b", world.clock.now())) == []
    world.run_until(NOON + 50 * DAY)

    walk = world.walk("prf_a", "welcome")  # moto's stream forgets records when a transaction is refused
    assert (walk["requested"].keys(), walk["inherited"].keys()) == ({"offer"}, {"thank_you"})


@pytest.mark.parametrize("document", [seed("welcome"), REPEATING])
def test_a_circle_ends_and_asks_for_nothing_twice(world: World, document: dict[str, Any]) -> None:
    """F2, F31: A was merged into B and given back, B is merged into A; that A was given back is told last."""
    world.publish(document)
    world.facts(entered("first_order", "prf_a"))
    world.run_until(NOON + 3 * DAY)
    for _ in range(2):
        assert world.facts(merge("prf_a", "prf_b", NOON + 2 * DAY)) == []
        assert world.facts(merge("prf_b", "prf_a", NOON + 3 * DAY)) == []
    world.run_until(NOON + 50 * DAY)
    nodes = [node for _, node in asked(world.published())]
    assert len(nodes) == len(set(nodes))


def test_a_walk_taken_over_goes_on_when_its_first_profile_is_given_back_and_walks_again(world: World) -> None:
    """F31: the cohort knows A's walk as B's, and B has another one."""
    world.publish(REPEATING)
    world.facts(entered("first_order", "prf_b"))
    world.facts(merge("prf_b", "prf_a", NOON))
    world.clock.advance(timedelta(hours=3))

    assert world.facts(given_back("prf_b", 5, days=1)) == []
    world.run_until(NOON + 50 * DAY)

    entries = world.published()
    assert asked(entries) == [(who, node) for who in ("prf_a", "prf_b") for node in ("offer", "thank_you")]
    assert ended(entries) == [("prf_a", "completed"), ("prf_b", "completed"), ("prf_b", "merged")]


def test_both_walks_go_on_in_one_cohort(world: World) -> None:
    """F31: given back at once, B joins the cohort in which A's walk is under B's name."""
    world.publish(REPEATING)
    world.facts(entered("first_order", "prf_b"))
    world.facts(merge("prf_b", "prf_a", NOON), given_back("prf_b", 5, days=1))
    world.run_until(NOON + 50 * DAY)

    assert len(world.cohorts()) == 1
    assert asked(world.published()) == [
        (who, node) for who in ("prf_a", "prf_b") for node in ("offer", "thank_you")
    ]


def test_given_back_twice(world: World) -> None:
    """F31: what went on as A and what went on as X are both found where B was."""
    world.publish(REPEATING)
    world.facts(entered("first_order", "prf_b"))
    world.facts(merge("prf_b", "prf_a", NOON), given_back("prf_b", 5, days=1))
    world.facts(merge("prf_b", "prf_x", NOON + 2 * DAY), given_back("prf_b", 9, days=3))
    world.run_until(NOON + 50 * DAY)

    people = ("prf_a", "prf_b", "prf_x")
    assert asked(world.published()) == [(who, node) for who in people for node in ("offer", "thank_you")]


def test_who_begins_over_a_walk_that_has_just_gone_on_looks_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5, F30: an entry has read the finished walk; before it writes, a merge has moved that walk on."""
    world.publish(REPEATING)
    world.facts(entered("first_order", "prf_b"))
    world.run_until(NOON + 40 * DAY)
    world.published()
    begin, table = DynamoWalks.begin, DynamoStandings(bootstrap.reacting()._stores.standings._table)  # type: ignore[attr-defined]

    def overtaken(self: DynamoWalks, *args: object) -> object:
        monkeypatch.setattr(DynamoWalks, "begin", begin)
        walk = self.find(["prf_b"], "welcome")["prf_b"]
        table.leave("prf_b", Gone("prf_a", world.clock.now()))
        bootstrap.reacting()._merging.settle("prf_b")
        assert replace(walk, moved_to="prf_a") == self.find(["prf_b"], "welcome")["prf_b"]
        return begin(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(DynamoWalks, "begin", overtaken)
    assert world.facts(entered("first_order", "prf_b", version=7)) == []

    assert world.walk("prf_b", "welcome")["went_to"] == ["prf_a"]
