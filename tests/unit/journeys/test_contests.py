"""Which arm of a split does best."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.journeys.domain.contests import Contest, Score, Tally, best, is_time, scores
from services.journeys.domain.document import Document
from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.moves import Memory
from services.journeys.domain.nodes import Split
from tests.unit.journeys.documents import journey

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SPLIT = {
    "type": "split",
    "arms": [
        {"name": "a", "percent": 40, "next": "done"},
        {"name": "b", "percent": 40, "next": "done"},
        {"name": "none", "percent": 20, "next": "done", "holdout": True},
    ],
    "winner": {"after": "P7D", "at_least": 10},
}
RAW = journey(
    goal={"event": "Order Completed"},
    start="it",
    nodes={"it": SPLIT, "done": {"type": "exit", "reason": "completed"}},
)
DOCUMENT = Document.model_validate(RAW)
WALK = Enrolment("prf_1", DOCUMENT.name, "enr_1", 1, 3, "c", "it", "active", NOON, 1)
CAME = replace(WALK, memory=Memory(arms={"it": "a"}))
GOT_THERE = replace(CAME, status="exited", reason="goal")
CONTEST = Contest(DOCUMENT.name, 3, "it")


def split() -> Split:
    node = DOCUMENT.nodes["it"]
    assert isinstance(node, Split)
    return node


@pytest.mark.parametrize(
    ("a", "b", "winner"),
    [
        (Tally(100, 10), Tally(100, 11), "b"),
        (Tally(100, 10), Tally(10, 2), "b"),
        (Tally(100, 10), Tally(9, 9), ""),
        (Tally(50, 5), Tally(100, 10), "a"),
        (Tally(10, 0), Tally(10, 0), "a"),
    ],
)
def test_the_highest_part_wins_where_enough_have_come(a: Tally, b: Tally, winner: str) -> None:
    assert best(split(), {"a": a, "b": b}) == winner


def test_nobody_wins_before_it_is_time() -> None:
    assert not is_time(split(), NOON, NOON + timedelta(days=7) - timedelta(milliseconds=1))
    assert is_time(split(), NOON, NOON + timedelta(days=7))
    assert not is_time(split().model_copy(update={"winner": None}), NOON, NOON + timedelta(days=700))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, WALK, []),
        (WALK, CAME, [False]),
        (CAME, replace(CAME, touched=4), []),
        (CAME, GOT_THERE, [True]),
        (WALK, GOT_THERE, [False, True]),
        (CAME, replace(GOT_THERE, reason="goal_late"), []),
        (CAME, replace(GOT_THERE, reason="completed"), []),
        (GOT_THERE, replace(GOT_THERE, moved_to="prf_2"), []),
        (None, replace(CAME, absorbed="enr_0"), []),
        (None, replace(GOT_THERE, absorbed="enr_0"), []),
    ],
)
def test_a_walk_comes_once_and_reaches_the_goal_once(
    before: Enrolment | None, after: Enrolment, told: list[bool]
) -> None:
    assert list(scores(DOCUMENT, before, after)) == [Score(CONTEST, "a", "enr_1", one) for one in told]


def test_splits_that_look_for_no_winner_count_nothing() -> None:
    silent = Document.model_validate({**RAW, "nodes": {**RAW["nodes"], "it": {**SPLIT, "winner": None}}})
    assert list(scores(silent, WALK, CAME)) == []
