"""Conformance: random journeys, streams and clocks give the same in the engine and in the interpreter.

`make sweep` tries more of them.
"""

from __future__ import annotations

from typing import Any

import pytest

from services.journeys.domain.document import Document
from tests.integration.journeys.conformance import Stage, Told, Walks, interpreted
from tests.integration.journeys.world import World
from tests.support.listening import Listening
from tests.support.random_journeys import ALL, SIMPLE, random_journey
from tests.support.random_streams import BEGIN, random_stream, told_again
from tests.support.stories import Event, cart_journey, ecom, offer_durations, offer_journey, starbucks
from tests.support.thorough import EXHAUSTIVE

SEEDS = 100 if EXHAUSTIVE else 4


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_journeys(world: World, seed: int) -> None:
    """Every kind of node, way in and rule; a third of them waits, sends and branches alone."""
    simple = seed % 3 == 2
    raw = random_journey(seed, SIMPLE if simple else ALL, simple=simple)
    stream = random_stream(Document.model_validate(raw), seed, facts=30)
    world.clock.advance(BEGIN - world.clock.now())
    assert Stage(world, raw).run(stream) == interpreted(raw, stream, BEGIN)


@pytest.mark.parametrize("seed", range(60) if EXHAUSTIVE else [42, 94])
def test_facts_that_are_told_again_change_nothing(world: World, seed: int) -> None:
    """F1: not even a reason to enter that came while somebody walked, and comes again when the walk is over."""
    simple = seed % 3 == 2
    raw = {**random_journey(seed, SIMPLE if simple else ALL, simple=simple), "stages": None}
    stream = random_stream(Document.model_validate(raw), seed, facts=30)
    world.clock.advance(BEGIN - world.clock.now())
    assert Stage(world, raw).run(told_again(stream, seed)) == interpreted(raw, stream, BEGIN)


def test_a_wait_after_a_wait_until(world: World) -> None:
    raw = {
        **random_journey(0, SIMPLE, simple=True),
        "admission": "PT0S",
        "exit_on": [],
        "start": "night",
        "nodes": {
            "night": {"type": "wait_until", "at": "02:30", "zone": "UTC", "next": "week"},
            "week": {"type": "wait", "for": "P7D", "next": "done"},
            "done": {"type": "exit", "reason": "done"},
        },
    }
    stream = random_stream(Document.model_validate(raw), 1)
    world.clock.advance(BEGIN - world.clock.now())
    assert Stage(world, raw).run(stream) == interpreted(raw, stream, BEGIN)


def test_offers_of_some_real_people(world: World) -> None:
    """As many as there is patience for; the interpreter walks all of them."""
    raw = offer_journey(offer_durations(), "Offer Viewed")
    walks = both(world, raw, some_of(list(starbucks()), 40 if EXHAUSTIVE else 7))
    assert sum(row[1] == "asked" for _, rows in walks for row in rows) > 4


def test_an_offer_that_comes_again_just_as_it_expires_and_is_completed_then(world: World) -> None:
    """F35: all in one moment, in this order: what is told first of it has come before what is told after it."""
    raw = offer_journey(offer_durations(), "Offer Viewed", "Offer Completed")
    who = "sb-00d7c95f793a4212af44e632fdc1e431"
    walks = both(world, raw, [event for event in starbucks() if event.profile == who])
    assert sum(row[1] == "asked" for _, rows in walks for row in rows) == 1


def test_carts_of_some_real_people(world: World) -> None:
    walks = both(world, cart_journey(), some_of(ecom(), 10))
    assert sum(row[1] == "asked" for _, rows in walks for row in rows) > 4


def some_of(events: list[Event], number: int) -> list[Event]:
    people = sorted({event.profile for event in events})[:number]
    return [event for event in events if event.profile in people]


def both(world: World, raw: dict[str, Any], events: list[Event]) -> Walks:
    """The walks that the engine and the interpreter agree on."""
    listening, stream = Listening(Document.model_validate(raw)), list[Told]()
    for event in events:
        if fact := listening.hear(event.profile, event.name, event.at, event.properties):
            stream.append((event.at, fact))
    begin = events[0].at
    world.clock.advance(begin - world.clock.now())
    walks = Stage(world, raw).run(stream)
    assert walks == interpreted(raw, stream, begin)
    return walks
