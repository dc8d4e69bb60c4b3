"""What is judged from tracks is what the raw events say: for all definitions, streams, orders, prunings and clocks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.shared.conditions import (
    Condition,
    TrackSpec,
    evaluate,
    explain,
    fold,
    next_flip,
    parse,
    prune,
    tracks,
    tracks_of,
)
from services.shared.conditions.matching import Matcher, compile_patterns
from tests.unit.conditions.definitions import (
    BASE,
    DEFINITIONS,
    DURATIONS,
    EVENT_CLAUSES,
    EVENTS,
    PEOPLE,
    durations_in,
    instants_in,
    told,
)
from tests.unit.conditions.oracle import Told, holds, length

CLOCK = st.lists(st.tuples(st.integers(0, 150), st.booleans()), min_size=1, max_size=4)
"""Jumps of the clock in hours, and whether memory is pruned then."""


class Memory:
    """A profile as scoring would keep it: tracks and nothing of events."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self.specs: tuple[TrackSpec, ...] = tracks_of(t for c in conditions for t in c.tracks())
        self.matcher: Matcher = compile_patterns(spec.pattern for spec in self.specs)
        self.states: Mapping[str, Any] = {}

    def take_in(self, event: Told, number: int) -> None:
        matched = self.matcher(f"{event.type}:{event.name}", event.properties)
        self.states = fold(self.states, told(event, number), self.specs, matched)

    def prune(self, now: datetime) -> None:
        self.states = json.loads(json.dumps(prune(self.states, self.specs, now)))

    def view(self, person: Mapping[str, Any]) -> dict[str, Any]:
        return {**person, "tracks": self.states}


@settings(max_examples=100, deadline=None)
@given(DEFINITIONS, PEOPLE, st.lists(EVENTS, max_size=10), CLOCK, st.lists(st.integers(0, 4), max_size=10))
def test_incremental_is_what_the_oracle_says(
    document: dict[str, Any],
    person: dict[str, Any],
    events: list[Told],
    clock: list[tuple[int, bool]],
    turns: list[int],
) -> None:
    """F2, F34: any order of arrival, late, future-dated, between any prunings; the clock only goes on."""
    condition = parse(document)
    memory, heard, now = Memory([condition]), list[Told](), BASE - timedelta(hours=200)
    for turn, (hours, pruned) in enumerate(clock):
        for number, event in enumerate(events):
            if (turns[number] if number < len(turns) else 0) % len(clock) == turn:
                memory.take_in(event, number)
                heard.append(event)
        now += timedelta(hours=hours)
        if pruned:
            memory.prune(now)
        for moment in (now, now + timedelta(hours=13), now + timedelta(days=9, milliseconds=1)):
            expected = holds(document, {**person, "events": heard}, moment)
            assert evaluate(condition, memory.view(person), moment) is expected
            assert explain(condition, memory.view(person), moment).verdict is expected


@settings(max_examples=100, deadline=None)
@given(DEFINITIONS, PEOPLE, st.lists(EVENTS, max_size=6), st.integers(-200, 200), st.booleans())
def test_the_next_flip_is_where_the_oracle_changes(
    document: dict[str, Any], person: dict[str, Any], events: list[Told], hours: int, pruned: bool
) -> None:
    condition, now = parse(document), BASE + timedelta(hours=hours)
    memory = Memory([condition])
    for number, event in enumerate(events):
        memory.take_in(event, number)
    if pruned:
        memory.prune(now)

    flip = next_flip(condition, memory.view(person), now)

    told_all = {**person, "events": events}
    assert flip == first_change(document, told_all, now)


def first_change(document: dict[str, Any], person: dict[str, Any], now: datetime) -> datetime | None:
    """The first of all instants that could matter at which the oracle says something else than now."""
    spans = [length(text) for text in durations_in(document)]
    sums = {timedelta(0), *spans, *(-span for span in spans), *(a + b for a in spans for b in spans)}
    candidates = sorted({at + span for at in instants_in(person) for span in sums})
    verdict = holds(document, person, now)
    return next((at for at in candidates if at > now and holds(document, person, at) is not verdict), None)


@settings(max_examples=60, deadline=None)
@given(EVENT_CLAUSES, st.lists(EVENTS, max_size=8), st.randoms(use_true_random=False), st.integers(-200, 200))
def test_the_order_of_arrival_leaves_no_trace(
    document: dict[str, Any], events: list[Told], random: Any, hours: int
) -> None:
    """F2: not even in what is remembered."""
    condition = parse(document)
    one, other = Memory([condition]), Memory([condition])
    for number, event in enumerate(events):
        one.take_in(event, number)
    random.shuffle(events)
    for number, event in enumerate(events):
        other.take_in(event, number)
    assert one.states == other.states

    now = BASE + timedelta(hours=hours)
    one.prune(now)
    other.prune(now)
    once = one.states
    one.prune(now)
    assert one.states == other.states == once


@settings(max_examples=60, deadline=None)
@given(EVENT_CLAUSES, st.lists(EVENTS, min_size=4, max_size=16), CLOCK, st.integers(2, 4))
def test_what_is_forgotten_is_never_silently_wrong(
    document: dict[str, Any], events: list[Told], clock: list[tuple[int, bool]], most: int
) -> None:
    """Over the bound, the answer is right or says that it may not be."""
    condition = parse(document)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracks, "MAX_MARKS", most)
        memory, now = Memory([condition]), BASE - timedelta(hours=200)
        for turn, (hours, pruned) in enumerate(clock):
            for number, event in enumerate(events[turn :: len(clock)]):
                memory.take_in(event, number)
                assert all(len(state.get("m", [])) <= most for state in memory.states.values())
            now += timedelta(hours=hours)
            if pruned:
                memory.prune(now)
        right = holds(document, {"events": events}, now)
        said = explain(condition, memory.view({}), now)
        assert said.verdict is right or said.notes.get("capped")


@settings(max_examples=60, deadline=None)
@given(st.lists(DEFINITIONS, max_size=4))
def test_a_definition_is_read_back_as_it_was_written(documents: list[dict[str, Any]]) -> None:
    for document in documents:
        condition = parse(document)
        assert condition.document == document
        assert parse(json.loads(json.dumps(condition.document))) == condition


@given(DURATIONS, st.integers(1, 9))
def test_what_decides_is_all_that_is_kept(within: str, count: int) -> None:
    """However many came, a count within a window remembers the newest that can decide, and a total remembers none."""
    windowed = parse({"event": "A", "within": within, "count": {"gte": count}})
    total = parse({"event": "A", "count": {"gte": 10**6}})
    memory = Memory([windowed, total])
    for hour in range(60):
        memory.take_in(Told("A", BASE - timedelta(hours=hour)), hour)

    memory.prune(BASE)

    kept = {spec.keep.kind: memory.states.get(spec.signature, {}) for spec in memory.specs}
    assert len(kept["marks"].get("m", [])) <= count
    assert kept["total"] == {"n": 60, "b": int(BASE.timestamp() * 1000)}
