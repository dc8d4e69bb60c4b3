"""Journeys on the emulator, with their stacks, state machines and workers as they are deployed: they do what the
interpreter says they do, to the second. `make conformance` runs all of it, `make sweep` a part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest

from services.journeys.domain.document import Document
from services.shared.contracts.base import Fact
from tests.integration.journeys.conformance import Walks, announced, interpreted
from tests.support.random_journeys import ALL, SIMPLE, random_journey
from tests.support.random_streams import BEGIN, random_stream
from tests.system.conformance.stage import LONG, Entry, Stage

Streams = Mapping[str, list[tuple[datetime, Fact]]]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with ExitStack() as cleanup:
        yield Stage(cleanup, BEGIN, "platform", "journeys")


def test_random_journeys(stage: Stage) -> None:
    """Side by side, each with people, segments and events of its own."""
    seeds = range(4)
    journeys = {seed: _apart(_journey(seed), seed) for seed in seeds}
    streams = {
        seed: [(at, _fact_apart(fact, seed)) for at, fact in random_stream(Document.model_validate(raw), seed, facts=30)]
        for seed, raw in journeys.items()
    }
    publish(stage, *journeys.values())
    stage.tell(sorted((told for stream in streams.values() for told in stream), key=lambda told: told[0]))
    stage.run_until(stage.now + LONG)
    entries = stage.announced()
    for seed, raw in journeys.items():
        told = announced(_of(entries, raw["name"]))
        assert told == interpreted(raw, streams[seed], BEGIN), seed
    assert stage.dead_letters() == []


def publish(stage: Stage, *documents: Mapping[str, Any]) -> None:
    settings = {"most_current": 90, "most_base": 90, "least_current": 0, "advise_above": 90}
    stage.api.call("PUT", "/portfolio/settings", settings)
    for raw in documents:
        stage.api.call("PUT", f"/journeys/{raw['name']}", raw)
    stage.rest()


def _journey(seed: int) -> dict[str, Any]:
    simple = seed % 3 == 2
    return random_journey(seed, SIMPLE if simple else ALL, simple=simple)


def _of(entries: Sequence[Entry], journey: str) -> list[Entry]:
    return [one for one in entries if _row(one).get("journey") == journey]


def _row(entry: Entry) -> dict[str, Any]:
    ((row,),) = entry["detail"].values()
    return dict(row)


_SHARED = ("random", "in", "vip", "Added", "Ordered", "Looked")


def _apart(said: Any, seed: int) -> Any:
    """The same with names of its own."""
    if isinstance(said, dict):
        return {name: _apart(value, seed) for name, value in said.items()}
    if isinstance(said, list):
        return [_apart(value, seed) for value in said]
    if isinstance(said, str) and (said in _SHARED or said.startswith("prf_")):
        return f"{said}_{seed}"
    return said


def _fact_apart(fact: Fact, seed: int) -> Fact:
    return type(fact).model_validate(_apart(fact.model_dump(mode="json"), seed))
