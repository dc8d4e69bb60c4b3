"""Two reasons to enter look alike to nobody: whoever repeats its own boarding finds itself, and nobody else."""

from __future__ import annotations

from dataclasses import replace

from services.journeys.bootstrap import walking as bootstrap
from services.journeys.domain.cohort import entry_slots
from services.journeys.domain.enrolment import Entrant, begin
from tests.integration.journeys.world import NOON, World, standing
from tests.unit.journeys.documents import seed


def test_another_reason_is_in_the_way_of_the_one_that_began(world: World) -> None:
    """F5: else both believe that they have put the person aboard, and neither makes up for the other's death."""
    world.publish(seed("welcome"))
    definitions, walks = bootstrap.reacting()._stores.definitions, bootstrap.walks()
    (definition,) = definitions.all()
    slot = next(entry_slots(definition.document, 1, NOON, NOON, "prf_1"))
    walks.open_cohort(slot, "welcome", 1, NOON)
    first = begin(Entrant("prf_1", NOON, standing("prf_1", 1)), definition.document, 1, NOON, None)

    assert walks.begin(slot, [(first, None)]).aboard == ["prf_1"]
    assert walks.begin(slot, [(first, None)]).aboard == ["prf_1"]
    other = walks.begin(slot, [(replace(first, entry_version=2), None)])

    assert other.aboard == ()
    assert other.in_the_way["prf_1"] == walks.find(["prf_1"], "welcome")["prf_1"]
