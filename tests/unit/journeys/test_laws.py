"""Laws of every walk: random journeys, random people, on the interpreter."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.journeys.domain.document import Document
from services.journeys.domain.interpreter import Interpreter
from services.journeys.domain.nodes import Jump, Split, Wait
from services.journeys.domain.traces import Step
from services.journeys.domain.validation import read_document
from services.shared.clock import from_iso
from tests.support.random_journeys import ALL, FIXED, random_journey
from tests.support.random_streams import BEGIN, Told, random_stream

YEARS = timedelta(days=800)
seeds = st.integers(0, 2**32 - 1)
Walk = tuple[str, str, int]


def journey_of(seed: int, kinds: Sequence[str] = ALL) -> Document:
    return Document.model_validate(random_journey(seed, kinds))


def trace_of(document: Document, stream: Iterable[Told]) -> list[Step]:
    """The whole trace, to the end of every walk."""
    interpreter = Interpreter(document, BEGIN)
    for now, fact in stream:
        interpreter.take(fact, now)
    interpreter.run_until(BEGIN + YEARS)
    return interpreter.trace


def walks_in(trace: Iterable[Step]) -> dict[Walk, list[Step]]:
    """The steps of each walk, from entering on."""
    numbers: Counter[tuple[str, str]] = Counter()
    walks: dict[Walk, list[Step]] = defaultdict(list)
    for step in trace:
        who = (step.profile, step.key)
        numbers[who] += step.what == "entered"
        if step.what != "refused":
            walks[*who, numbers[who]].append(step)
    return walks


@given(seeds)
@settings(max_examples=60)
def test_random_journeys_are_journeys_that_can_be_published(journey: int) -> None:
    assert read_document(random_journey(journey)) == journey_of(journey)


@given(seeds, seeds)
@settings(max_examples=60)
def test_every_walk_begins_once_ends_once_and_goes_forward_in_time(journey: int, stream: int) -> None:
    document = journey_of(journey)
    for steps in walks_in(trace_of(document, random_stream(document, stream))).values():
        assert [step.what for step in steps].count("entered") == 1
        assert steps[0].what == "entered"
        assert steps[-1].what == "left"
        assert all(one.what != "left" for one in steps[:-1])
        assert all(one.at <= other.at for one, other in pairwise(steps))


@given(seeds, seeds)
@settings(max_examples=60)
def test_nobody_is_asked_twice_for_a_node_and_lap(journey: int, stream: int) -> None:
    """I2."""
    document = journey_of(journey)
    jumps = dict(document.of_type(Jump))
    for steps in walks_in(trace_of(document, random_stream(document, stream))).values():
        lap, asked = 0, Counter[tuple[str, int]]()
        for step in steps:
            lap += step.what == "went" and step.node in jumps and step.detail == jumps[step.node].to
            asked[step.node, lap] += step.what == "asked"
        assert max(asked.values(), default=0) <= 1
        assert lap <= sum(jump.at_most for jump in jumps.values())


@given(seeds, seeds)
@settings(max_examples=60)
def test_nobody_goes_on_before_their_time(journey: int, stream: int) -> None:
    document = journey_of(journey)
    for steps in walks_in(trace_of(document, random_stream(document, stream))).values():
        for step, after in pairwise(steps):
            if step.what in ("waits", "moved"):
                in_time = after.what in ("heard", "moved", "left") or after.at >= from_iso(step.detail)
                assert in_time, (step, after)
            node = document.nodes.get(step.node)
            if step.what == "waits" and isinstance(node, Wait):
                late = step.at - (from_iso(step.detail) - node.duration)
                assert timedelta(0) <= late <= document.admission + timedelta(seconds=5)


@given(seeds, seeds)
@settings(max_examples=60)
def test_facts_told_twice_change_nothing(journey: int, stream: int) -> None:
    """F1, I2. Who was refused may be refused again."""
    document = journey_of(journey)
    told = random_stream(document, stream)
    once = [step for step in trace_of(document, told) if step.what != "refused"]
    twice = trace_of(document, (one for one in told for _ in range(2)))
    assert [step for step in twice if step.what != "refused"] == once


@given(seeds, seeds, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_order_of_what_is_told_of_different_people_at_one_moment_does_not_matter(
    journey: int, stream: int, random: Random
) -> None:
    """F2."""
    document = journey_of(journey)
    told = random_stream(document, stream, people=6, facts=60)
    turns = {profile: random.random() for profile in {_profile(fact) for _, fact in told}}
    shuffled = sorted(told, key=lambda one: (one[0], turns[_profile(one[1])]))
    assert walks_in(trace_of(document, shuffled)) == walks_in(trace_of(document, told))


@given(seeds, seeds)
@settings(max_examples=60)
def test_people_walk_as_if_they_were_alone(journey: int, stream: int) -> None:
    document = journey_of(journey)
    told = random_stream(document, stream)
    together = walks_in(trace_of(document, told))
    for profile in {_profile(fact) for _, fact in told}:
        alone = walks_in(trace_of(document, [one for one in told if _profile(one[1]) == profile]))
        assert alone == {walk: steps for walk, steps in together.items() if walk[0] == profile}


@given(seeds, seeds, st.integers(1, 60 * 24 * 30), st.integers(0, 60 * 24 * 10))
@settings(max_examples=60)
def test_a_pause_shifts_all_that_comes_after_it_by_its_length(
    journey: int, stream: int, length: int, after: int
) -> None:
    """000-26: waits do not run while nothing may be sent. Dates do not wait, so journeys have none here; and everybody
    has left the bucket in which they were gathered."""
    document = journey_of(journey, FIXED)
    told = random_stream(document, stream, facts=20)
    assume(told)
    start = told[-1][0] + timedelta(minutes=61 + after, seconds=7)
    lasted = timedelta(minutes=length)
    interpreter = Interpreter(document, BEGIN)
    for now, fact in told:
        interpreter.take(fact, now)
    interpreter.pause(start)
    interpreter.resume(start + lasted)
    interpreter.run_until(BEGIN + YEARS)
    expected = [_times(step, start, lasted) for step in trace_of(document, told)]
    assert sorted(expected) == sorted(_times(step, BEGIN + YEARS, lasted) for step in interpreter.trace)


@given(seeds, seeds)
@settings(max_examples=60)
def test_everybody_who_comes_to_a_split_takes_one_arm_the_same_each_time(journey: int, stream: int) -> None:
    document = journey_of(journey, ("split", "send", "wait", "jump"))
    arms: dict[tuple[str, str], set[str]] = defaultdict(set)
    for step in trace_of(document, random_stream(document, stream)):
        if isinstance(document.nodes.get(step.node), Split) and step.what == "went":
            arms[step.profile, step.node].add(step.detail)
    assert all(len(taken) == 1 for taken in arms.values())


def _profile(fact: object) -> str:
    row = next(iter(vars(fact).values()))[0]
    return str(getattr(row, "profile_id", "") or row.standing.profile_id)


def _times(step: Step, start: datetime, shift: timedelta) -> tuple[datetime, str, str, str, str]:
    """A step without the time that it waits for; those from `start` on are shifted."""
    at = step.at + shift if step.at >= start else step.at
    return at, step.profile, step.key, step.node, step.what
