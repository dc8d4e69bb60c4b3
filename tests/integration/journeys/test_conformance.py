"""Conformance: random journeys, streams and clocks give the same in the engine and in the interpreter."""

from __future__ import annotations

import pytest

from services.journeys.domain.document import Document
from tests.integration.journeys.conformance import Stage, interpreted
from tests.integration.journeys.world import World
from tests.support.random_journeys import BEGIN, SIMPLE, random_journey, random_stream


@pytest.mark.parametrize("seed", range(12))
def test_waits_sends_and_branches(world: World, seed: int) -> None:
    raw = random_journey(seed, SIMPLE, simple=True)
    stream = random_stream(Document.model_validate(raw), seed, facts=30)
    world.clock.advance(BEGIN - world.clock.now())
    assert Stage(world, raw).run(stream) == interpreted(raw, stream, BEGIN)
