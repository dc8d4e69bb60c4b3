"""Journeys on the emulator, with their stacks, state machines and workers as they are deployed: they do what the
interpreter says they do, to the second. `make conformance` runs all of it, with EXHAUSTIVE=1 alone a part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest

from services.journeys.domain.document import Document
from services.journeys.domain.merging import MERGED
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import ProfilesMerged
from tests.integration.journeys.conformance import Told, Walks, announced, interpreted
from tests.integration.journeys.wishes import WISHES, merging, of_persons, wished
from tests.support.listening import Listening
from tests.support.random_journeys import ALL, SIMPLE, random_journey
from tests.support.random_streams import BEGIN, random_stream
from tests.support.stories import Event, cart_journey, ecom, offer_durations, offer_journey, starbucks
from tests.support.thorough import EXHAUSTIVE, FULL
from tests.system.conformance.stage import LONG, Entry, Stage, Wanted

PARTS = 4
"""Of the people whose offers are walked."""

BY_HAND = pytest.mark.skipif(not (EXHAUSTIVE or FULL), reason="minutes each: make conformance")
pytestmark = BY_HAND

Stream = list[tuple[datetime, Fact | Wanted]]
Disturb = Callable[[list[Told], int], list[Told]]
"""What more happens in a stream, by seed."""
BRIEF = {"who": "Anybody", "why": "To see", "channels": ["email"], "needed_data": []}


@pytest.fixture
def stage() -> Iterator[Stage]:
    with ExitStack() as cleanup:
        yield Stage(cleanup, BEGIN, "platform", "journeys")


def test_random_journeys(stage: Stage) -> None:
    """Side by side, each with people, segments and events of its own."""
    walks = walk_random(stage, range(16 if FULL else 4))
    assert len(walks) > 20


def test_random_pauses_and_migrations(stage: Stage) -> None:
    """Journeys are paused (people are held, or go on without being met), resumed and moved to new versions, each at
    moments of its own, and all side by side."""

    def disturbed(stream: list[Told], seed: int) -> list[Told]:
        return wished(stream, seed, *WISHES[seed % len(WISHES)])

    assert len(walk_random(stage, range(40, 52 if FULL else 44), disturbed)) > 10


def test_random_merges(stage: Stage) -> None:
    """F30: people turn out to be others, wherever both are."""
    walks = walk_random(stage, range(62, 72 if FULL else 64), merging)
    assert sum(row[1:] == ("left", "", MERGED) for _, rows in walks for row in rows) > 1


def test_workers_that_die_at_their_writes(stage: Stage) -> None:
    """F5, F8: before a write or after it, in the middle of a batch or a page."""
    stage.plan_deaths(seed=1, share=0.06, most=200 if FULL else 40)
    walk_random(stage, range(20, 28 if FULL else 22))
    died = Counter(one.split()[0] for one in stage.died())
    assert {"on_facts", "on_step"} <= set(died)


@pytest.mark.parametrize("part", range(PARTS) if FULL else [0])
@pytest.mark.parametrize("ends_on", [("Offer Viewed",), ("Offer Viewed", "Offer Completed")])
def test_offers_of_real_people(stage: Stage, ends_on: Sequence[str], part: int) -> None:
    """Part by part, because what is walked at once stands at one hour. Of all people together the interpreter reminds
    1,044 and 738 times, as the data's description says (tests/unit/journeys)."""
    events = list(starbucks())
    people = sorted({event.profile for event in events})[part::PARTS]
    mine = [event for event in events if event.profile in set(people)]
    assert _asked(walk_real(stage, offer_journey(offer_durations(), *ends_on), mine)) > (100 if FULL else 2)


def test_carts_of_real_people(stage: Stage) -> None:
    """The interpreter's carts are those of a query that knows nothing of journeys (tests/unit/journeys)."""
    assert _asked(walk_real(stage, cart_journey(), ecom())) > (100 if FULL else 4)


def walk_random(stage: Stage, seeds: Iterable[int], disturb: Disturb = lambda stream, _: stream) -> Walks:
    """Walk random journeys and compare; all walks that there were."""
    journeys = {seed: _apart(_journey(seed), seed) for seed in seeds}
    streams = {
        seed: [
            (at, _fact_apart(one, seed) if isinstance(one, Fact) else one)
            for at, one in disturb(list(random_stream(Document(**raw), seed, facts=30)), seed)
        ]
        for seed, raw in journeys.items()
    }
    publish(stage, journeys.values())
    entries = play(stage, [_wanted(stream, journeys[seed]["name"]) for seed, stream in streams.items()])
    told = {seed: announced(_of(entries, raw["name"])) for seed, raw in journeys.items()}
    for seed, raw in journeys.items():
        said = interpreted(raw, streams[seed], BEGIN)
        assert _met(told[seed], raw, streams[seed]) == _met(said, raw, streams[seed]), seed
    return [walk for walks in told.values() for walk in walks]


def _wanted(stream: Iterable[Told], journey: str) -> Stream:
    return [(at, one if isinstance(one, Fact) else Wanted(journey, one)) for at, one in stream]


def _met(walks: Walks, raw: Mapping[str, Any], stream: Sequence[Told]) -> object:
    """Walk by walk, and where wishes, merges or rotations come between, person by person (see `of_persons`)."""
    rotates = any(node["type"] == "rotation" for node in raw["nodes"].values())
    plain = all(isinstance(one, Fact) and not isinstance(one, ProfilesMerged) for _, one in stream)
    return of_persons(walks, stream) if rotates or not plain else walks


def walk_real(stage: Stage, raw: dict[str, Any], events: Sequence[Event]) -> Walks:
    """What a journey does with what people did (all of them, or one in twenty); the interpreter says so too."""
    people = set(sorted({event.profile for event in events})[:: 1 if FULL else 20])
    events = [event for event in events if event.profile in people]
    raw, begin = {**raw, "brief": BRIEF, "portfolio": "base"}, events[0].at
    stream = _heard(raw, events)
    stage.begin_at(begin)
    publish(stage, [raw])
    walks = announced(play(stage, [_wanted(stream, raw["name"])]))
    assert walks == interpreted(raw, stream, begin)
    return walks


def play(stage: Stage, streams: Iterable[Stream]) -> list[Entry]:
    """What was announced when all was told and all had come of it."""
    stage.tell(sorted((told for stream in streams for told in stream), key=lambda told: told[0]))
    stage.run_until(stage.now + LONG)
    assert stage.dead_letters() == []
    return stage.announced()


def publish(stage: Stage, documents: Iterable[Mapping[str, Any]]) -> None:
    settings = {"most_current": 90, "most_base": 90, "least_current": 0, "advise_above": 90}
    stage.api.call("PUT", "/portfolio/settings", settings)
    for raw in documents:
        stage.publish(raw)
    stage.rest()


def _journey(seed: int) -> dict[str, Any]:
    simple = seed % 3 == 2
    return random_journey(seed, SIMPLE if simple else ALL, simple=simple)


def _asked(walks: Walks) -> int:
    return sum(row[1] == "asked" for _, rows in walks for row in rows)


def _heard(raw: dict[str, Any], events: Iterable[Event]) -> list[Told]:
    listening = Listening(Document(**raw))
    heard = ((one.at, listening.hear(one.profile, one.name, one.at, one.properties)) for one in events)
    return [(at, fact) for at, fact in heard if fact]


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
