"""Conformance under way: pauses, merges and migrations at random moments; the engine and the interpreter tell the same.

`make sweep` tries more of them.
"""

from __future__ import annotations

import pytest

from services.journeys.domain.document import Document
from tests.integration.journeys.conformance import Stage, Wish, interpreted
from tests.integration.journeys.desk import Desk
from tests.integration.journeys.wishes import WISHES, merging, of_persons, wished
from tests.integration.journeys.world import World
from tests.support.random_journeys import ALL, random_journey
from tests.support.random_streams import BEGIN, random_stream
from tests.support.thorough import EXHAUSTIVE

SEEDS = range(60) if EXHAUSTIVE else range(3, 4)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_merges(world: World, seed: int) -> None:
    """F30: whose walks go on as another's, wherever both are."""
    raw = random_journey(seed + 2000, ALL)
    stream = merging(random_stream(Document.model_validate(raw), seed, facts=30), seed)
    world.clock.advance(BEGIN - world.clock.now())
    told = of_persons(Stage(world, raw).run(stream), stream)
    assert told == of_persons(interpreted(raw, stream, BEGIN), stream)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("wishes", WISHES)
def test_random_wishes(world: World, desk: Desk, wishes: tuple[Wish, ...], seed: int) -> None:
    raw = random_journey(seed + 1000, ALL)
    stream = wished(random_stream(Document.model_validate(raw), seed, facts=25), seed, *wishes)
    world.clock.advance(BEGIN - world.clock.now())
    told = of_persons(Stage(world, raw, desk).run(stream), stream)
    assert told == of_persons(interpreted(raw, stream, BEGIN), stream)
