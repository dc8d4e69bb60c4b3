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
    GRID,
    PEOPLE,
    durations_in,
    instants_in,
    told,
)
from tests.unit.conditions.oracle import Told, holds, length

CLOCK = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=4)
"""Jumps of the clock along the grid, and whether memory is pruned then."""
DOCUMENTS = st.lists(st.one_of(EVENT_CLAUSES, EVENT_CLAUSES, DEFINITIONS), min_size=3, max_size=5)
STEP, MILLISECOND = timedelta(hours=GRID), timedelta(milliseconds=1)
START = BASE - 9 * STEP


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


@settings(max_examples=80)
@given(DOCUMENTS, PEOPLE, st.lists(st.tuples(EVENTS, st.integers(0, 3)), min_size=3, max_size=10), CLOCK)
def test_incremental_is_what_the_oracle_says(
    documents: list[dict[str, Any]],
    person: dict[str, Any],
    events: list[tuple[Told, int]],
    clock: list[tuple[int, bool]],
) -> None:
    """F2, F34: any order of arrival, late, future-dated, between any prunings; the clock only goes on."""
    conditions = [parse(document) for document in documents]
    memory, heard, now = Memory(conditions), list[Told](), START
    for turn, (steps, pruned) in enumerate(clock):
        for number, (event, when) in enumerate(events):
            if when % len(clock) == turn:
                memory.take_in(event, number)
                heard.append(event)
        now += steps * STEP
        if pruned:
            memory.prune(now)
        told_so_far, view = {**person, "events": heard}, memory.view(person)
        for moment in (now, now + STEP - MILLISECOND, *(now + n * STEP for n in (1, 2, 4, 8))):
            for document, condition in zip(documents, conditions, strict=True):
                expected = holds(document, told_so_far, moment)
                assert evaluate(condition, view, moment) is expected
                assert explain(condition, view, moment).verdict is expected


@settings(max_examples=80)
@given(DOCUMENTS, PEOPLE, st.lists(EVENTS, min_size=2, max_size=6), st.integers(0, 12), st.booleans())
def test_the_next_flip_is_where_the_oracle_changes(
    documents: list[dict[str, Any]], person: dict[str, Any], events: list[Told], steps: int, pruned: bool
) -> None:
    conditions, now = [parse(document) for document in documents], START + steps * STEP
    memory = Memory(conditions)
    for number, event in enumerate(events):
        memory.take_in(event, number)
    if pruned:
        memory.prune(now)

    for document, condition in zip(documents, conditions, strict=True):
        flip = next_flip(condition, memory.view(person), now)
        assert flip == first_change(document, {**person, "events": events}, now)


def first_change(document: dict[str, Any], person: dict[str, Any], now: datetime) -> datetime | None:
    """The first of all instants that could matter at which the oracle says something else than now."""
    spans = [length(text) for text in durations_in(document)]
    sums = {timedelta(0), *spans, *(-span for span in spans), *(a + b for a in spans for b in spans)}
    candidates = sorted({at + span for at in instants_in(person) for span in sums})
    verdict = holds(document, person, now)
    return next((at for at in candidates if at > now and holds(document, person, at) is not verdict), None)


@settings(max_examples=40)
@given(
    st.lists(EVENT_CLAUSES, min_size=2, max_size=4),
    st.lists(EVENTS, min_size=3, max_size=8),
    st.randoms(use_true_random=False),
    st.integers(0, 12),
)
def test_the_order_of_arrival_leaves_no_trace(
    documents: list[dict[str, Any]], events: list[Told], random: Any, steps: int
) -> None:
    """F2: not even in what is remembered."""
    conditions = [parse(document) for document in documents]
    one, other = Memory(conditions), Memory(conditions)
    for number, event in enumerate(events):
        one.take_in(event, number)
    random.shuffle(events)
    for number, event in enumerate(events):
        other.take_in(event, number)
    assert one.states == other.states

    one.prune(START + steps * STEP)
    other.prune(START + steps * STEP)
    once = one.states
    one.prune(START + steps * STEP)
    assert one.states == other.states == once


@settings(max_examples=40)
@given(
    st.lists(EVENT_CLAUSES, min_size=2, max_size=4),
    st.lists(EVENTS, min_size=5, max_size=16),
    CLOCK,
    st.integers(2, 4),
)
def test_what_is_forgotten_is_never_silently_wrong(
    documents: list[dict[str, Any]], events: list[Told], clock: list[tuple[int, bool]], most: int
) -> None:
    """Over the bound, the answer is right or says that it may not be."""
    conditions = [parse(document) for document in documents]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracks, "MAX_MARKS", most)
        memory, now = Memory(conditions), START
        for turn, (steps, pruned) in enumerate(clock):
            for number, event in enumerate(events[turn :: len(clock)]):
                memory.take_in(event, number)
                assert all(len(state.get("m", [])) <= most for state in memory.states.values())
            now += steps * STEP
            if pruned:
                memory.prune(now)
        for moment in (now, now + STEP, now + 4 * STEP):
            for document, condition in zip(documents, conditions, strict=True):
                said = explain(condition, memory.view({}), moment)
                assert said.verdict is holds(document, {"events": events}, moment) or said.notes["capped"]


@settings(max_examples=40)
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
