"""A rotation remembers what the person has had, whatever cart it was about."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.integration.journeys.languages import document
from tests.integration.journeys.test_merged_people import merge
from tests.integration.journeys.test_waiting_for_events import filled, outcome
from tests.integration.journeys.world import NOON, World

DAY = timedelta(days=1)
TIPS = document(
    "tip",
    {
        "tip": {
            "type": "rotation",
            "templates": ["one", "two", "three"],
            "channels": ["email"],
            "next": "completed",
            "exhausted": "bought",
        }
    },
)


@pytest.mark.parametrize("apart", [timedelta(0), DAY])
def test_each_cart_gets_what_the_person_has_not_had(world: World, apart: timedelta) -> None:
    """Carts of one moment travel together, those of other days do not."""
    world.publish(TIPS)
    for number in range(4):
        world.facts(filled("prf_1", f"c{number}", at=world.clock.now(), version=number + 1))
        world.facts(filled("prf_2" if number == 0 else "prf_3", f"c{number}", at=world.clock.now()))
        if apart:
            world.run_until(world.clock.now() + apart)
    world.run_until(NOON + 9 * DAY)
    asked, left = outcome(world)
    assert [t for who, t in asked if who == "prf_1"] == ["one", "three", "two"]
    assert [t for who, t in asked if who == "prf_2"] == ["one"]
    assert sorted(reason for who, reason in left if who == "prf_1") == ["bought", *["completed"] * 3]


def test_what_a_loser_has_had_the_winner_has_had(world: World) -> None:
    """F30: the carts are different ones."""
    world.publish(TIPS)
    world.facts(filled("prf_b", "c1"))
    world.run_until(NOON + DAY)
    world.facts(merge("prf_b", "prf_a", world.clock.now()))
    world.facts(filled("prf_a", "c2", at=world.clock.now(), version=5))
    world.run_until(NOON + 2 * DAY)
    assert outcome(world)[0] == [("prf_a", "two"), ("prf_b", "one")]
