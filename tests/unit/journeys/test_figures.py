"""What came of journeys, in numbers: each walk counts once, however the stream cuts and repeats what it tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.figures import (
    Figures,
    Happening,
    added,
    beyond,
    figures_of,
    happenings,
    together,
)
from services.journeys.domain.moves import AskMessage, AskTask

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MESSAGE, TASK = AskMessage("hello", ("email",)), AskTask("call", "Call", "sales")
WALK = Enrolment("prf_1", "trial", "enr_1", 1, 1, "c", "it", "active", NOON, 1)
MET = replace(WALK, requested={"hello": NOON}, ask=MESSAGE)
GONE = replace(MET, status="exited", reason="completed")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, WALK, ["entered"]),
        (WALK, replace(WALK, cohort="d"), []),
        (WALK, MET, ["asked"]),
        (MET, replace(MET, touched=3), []),
        (MET, replace(MET, requested={"hello": NOON, "hello.1": NOON}), ["asked"]),
        (WALK, replace(MET, ask=TASK), []),
        (MET, GONE, ["left"]),
        (GONE, replace(GONE, moved_to="prf_2"), []),
        (None, replace(MET, absorbed="enr_0", requested={}), ["taken_over"]),
        (None, replace(GONE, absorbed="enr_0"), []),
        (None, replace(GONE, reason="moment_over"), ["entered", "asked", "left"]),
    ],
)
def test_a_write_adds_what_is_new(before: Enrolment | None, after: Enrolment, told: list[str]) -> None:
    assert [one.what for one in happenings(before, after)] == told


def test_a_merge_moves_a_walk_and_ends_none() -> None:
    """The loser's walk ends as `merged`; the winner's, which goes on with it, takes that back."""
    merged = replace(MET, status="exited", reason="merged", moved_to="prf_2")
    taken = replace(MET, profile_id="prf_2", enrolment_id="enr_2", absorbed="enr_1", requested={})
    steps = [(None, WALK), (WALK, MET), (MET, merged), (None, taken)]
    found = [one for before, after in steps for one in happenings(before, after)]
    figures = figures_of(added(found)["trial"])
    assert figures == Figures(entered=1, asked=1, left={})
    assert figures.active == 1


def test_two_walks_that_become_one_leave_one_on_the_way() -> None:
    merged = replace(MET, status="exited", reason="merged", moved_to="prf_2")
    own = replace(WALK, profile_id="prf_2", enrolment_id="enr_2")
    steps = [(None, WALK), (None, own), (WALK, MET), (MET, merged)]
    found = [one for before, after in steps for one in happenings(before, after)]
    figures = figures_of(added(found)["trial"])
    assert (figures.entered, figures.active, dict(figures.left)) == (2, 1, {"merged": 1})


def test_figures_of_several_journeys_are_summed() -> None:
    both = together([Figures(3, 2, {"goal": 1}), Figures(5, 0, {"goal": 1, "over": 2})])
    assert both == Figures(8, 2, {"goal": 2, "over": 2})
    assert (both.active, both.reached) == (4, 2)


class Store:
    """What the table does: a batch's note and its numbers stand together."""

    def __init__(self) -> None:
        self.notes: dict[str, Sequence[str]] = {}
        self.numbers = Counter[str]()

    def count(self, batch: Sequence[Happening]) -> None:
        while batch:
            known = self.notes.get(batch[0].mark)
            if known is None:
                self.notes[batch[0].mark] = [one.mark for one in batch]
                self.numbers.update(_numbers(batch))
                return
            counted = beyond(batch, known)
            if counted.ahead:
                self.notes.setdefault(counted.ahead[0], counted.ahead)
            batch = counted.rest


def _numbers(batch: Sequence[Happening]) -> Mapping[str, int]:
    return added(batch).get("trial", {})


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 40), st.lists(st.tuples(st.integers(1, 15), st.booleans()), max_size=40))
def test_whatever_is_cut_anew_and_repeated_counts_once(length: int, reads: list[tuple[int, bool]]) -> None:
    """F4, F8: a stream goes on from where the last batch that came through ended; one whose answer was lost comes
    again, longer or shorter."""
    stream = [Happening("trial", "entered", "", f"{number:08}") for number in range(length)]
    store, position = Store(), 0
    for size, comes_through in [*reads, (length, True)]:
        batch = stream[position : position + size]
        store.count(batch)
        position += len(batch) * comes_through
    assert (position, store.numbers["entered"]) == (length, length)
