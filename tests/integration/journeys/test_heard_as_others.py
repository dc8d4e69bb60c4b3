"""Events of people who turn out to be somebody else, and events of the moment at which somebody entered."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from services.journeys.bootstrap import walking as bootstrap
from services.journeys.domain.merging import Gone
from tests.integration.journeys.languages import CART, document, send
from tests.integration.journeys.test_merged_people import merge
from tests.integration.journeys.test_waiting_for_events import LATER, MINUTE, filled, finish, outcome, paid
from tests.integration.journeys.world import NOON, World

AGAIN = {**CART, "entry": {**CART["entry"], "reentry": "always"}}
BOUGHT = document(
    "remind",
    {"remind": send("cart", "completed")},
    exit_on=[{"event": "Cart Filled", "key": "cart_id", "reason": "again"}],
    admission="PT1H",
)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_a_loser_did_is_the_winner_s_in_whatever_order_it_is_told(
    world: World, order: tuple[int, ...]
) -> None:
    """F2, F30: the cart, the payment under another profile, and that both are one person."""
    world.publish(CART)
    facts = [filled("prf_a"), paid("prf_b"), merge("prf_b", "prf_a", NOON + 2 * MINUTE)]
    for i in (*order, *order):
        assert world.facts(facts[i]) == []
    assert finish(world) == ([], [("prf_a", "bought")])


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_loser_s_cart_is_walked_by_the_winner(world: World, order: tuple[int, ...]) -> None:
    """F2, F30: the cart was filled and paid under a profile that is another by now."""
    world.publish(AGAIN)
    facts = [filled("prf_b"), paid("prf_b"), merge("prf_b", "prf_a", NOON + 2 * MINUTE)]
    for i in (*order, *order):
        assert world.facts(facts[i]) == []
    asked, left = finish(world)
    assert asked == []
    assert [reason for _, reason in left if reason != "merged"] == ["bought"]


def test_a_reason_that_is_told_again_under_a_newer_standing_begins_nothing(world: World) -> None:
    """F1, F30: the winner's standing has moved on since."""
    world.publish(AGAIN)
    world.facts(merge("prf_b", "prf_a"))
    world.facts(filled("prf_b"))
    assert finish(world) == ([("prf_a", "cart")], [("prf_a", "completed")])
    world.facts(filled("prf_a", "c2", at=world.clock.now(), version=9))
    assert world.facts(filled("prf_b")) == []
    world.run_until(NOON + 2 * LATER)
    assert outcome(world) == ([("prf_a", "cart")], [("prf_a", "completed")])


def test_events_of_the_erased_are_nobody_s(world: World) -> None:
    """F32."""
    world.publish(CART)
    world.facts(merge("prf_b", "prf_a"))
    bootstrap.reacting()._stores.standings.leave("prf_a", Gone("", NOON + MINUTE))
    assert world.facts(filled("prf_b")) == []
    assert (world.started(), outcome(world)) == ({}, ([], []))


def test_the_event_that_let_somebody_in_does_not_end_the_walk(world: World) -> None:
    """Told twice, it is the reason to enter and nothing else."""
    world.publish(BOUGHT)
    for _ in range(2):
        assert world.facts(filled("prf_1")) == []
    assert finish(world) == ([("prf_1", "cart")], [("prf_1", "completed")])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize(("version", "reason"), [(1, "completed"), (3, "bought")])
def test_of_two_events_of_one_moment_the_later_told_comes_after(
    world: World, order: tuple[int, ...], version: int, reason: str
) -> None:
    """F2: a payment of the very moment of the cart counts if ingest told it after the cart, whenever it arrives."""
    world.publish(CART)
    facts = [filled("prf_1", version=2), paid("prf_1", at=NOON, version=version)]
    for i in order:
        assert world.facts(facts[i]) == []
    assert finish(world, NOON + LATER + timedelta(hours=1))[1] == [("prf_1", reason)]
