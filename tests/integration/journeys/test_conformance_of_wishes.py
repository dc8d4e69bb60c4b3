"""Conformance under way: pauses, merges and migrations at random moments; the engine and the interpreter tell the same.

`make sweep` tries more of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest

from services.journeys.domain.document import Document
from tests.integration.journeys.conformance import Stage, Told, Wish, interpreted
from tests.integration.journeys.desk import Desk
from tests.integration.journeys.world import World
from tests.support.random_journeys import ALL, random_journey
from tests.support.random_streams import BEGIN, random_stream
from tests.support.thorough import EXHAUSTIVE

SEEDS = 60 if EXHAUSTIVE else 2
BETWEEN = timedelta(seconds=30)
"""Facts come on whole minutes, and so do most due times."""


def wished(stream: Sequence[Told], seed: int, *wishes: Wish) -> list[Told]:
    """A stream with some of `wishes` between its facts, in their order, again and again."""
    random, told, turn = Random(seed), list[Told](), 0
    for now, fact in stream:
        told.append((now, fact))
        if random.random() < 0.2:
            told.append((now + BETWEEN, wishes[turn % len(wishes)]))
            turn += 1
    if turn % len(wishes) and wishes[-1] == "resume":
        told.append((told[-1][0] + timedelta(days=3), "resume"))
    return sorted(told, key=lambda one: one[0])


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("wishes", [("hold", "resume"), ("migrate",), ("hold", "migrate", "resume")])
def test_random_wishes(world: World, desk: Desk, wishes: tuple[Wish, ...], seed: int) -> None:
    raw = random_journey(seed + 1000, ALL)
    stream = wished(random_stream(Document.model_validate(raw), seed, facts=25), seed, *wishes)
    world.clock.advance(BEGIN - world.clock.now())
    assert Stage(world, raw, desk).run(stream) == interpreted(raw, stream, BEGIN)
