"""Relevance report: which events announce the goal."""

from __future__ import annotations

from datetime import timedelta

from services.scoring.domain.analysis.evidence import Share
from services.scoring.domain.analysis.observing import Observation, observe
from services.scoring.domain.analysis.relevance import report
from tests.unit.scoring.analysis.planted import EVENT, GOAL, NOISE, START, trails

WINDOW = timedelta(days=30)


def people(reached: int, others: int, **counts: int) -> list[Observation]:
    return [Observation(f"{counts}{n}", START, n < reached, counts) for n in range(reached + others)]


def test_the_planted_event_is_first_and_noise_is_called_noise() -> None:
    rows = report(observe(trails(2_000, seed=5), GOAL, WINDOW), GOAL)

    assert rows[0].event == EVENT
    assert rows[0].lift > 1
    assert rows[0].relevant
    noise = [row for row in rows if row.event in NOISE]
    assert len(noise) == len(NOISE)
    assert sum(row.relevant for row in noise) == 0


def test_of_pure_noise_nothing_is_relevant_more_often_than_promised() -> None:
    """Twenty reports of noise: one may hold a finding on average; four or more would be one in 60."""
    reports = [
        report(observe(trails(400, seed=seed, likely=0.3, base=0.3), GOAL, WINDOW), GOAL)
        for seed in range(20)
    ]

    assert sum(any(row.relevant for row in rows) for rows in reports) <= 3


def test_figures_by_hand() -> None:
    observed = [*people(30, 70, did=2), *people(10, 190, other=1)]

    did, other = report(observed, GOAL)

    assert (did.event, did.given, did.without, did.support) == ("did", Share(30, 100), Share(10, 200), 100)
    assert round(did.lift, 4) == 2.25
    interval = did.lift_interval()
    assert (round(interval.low, 3), round(interval.high, 3)) == (1.642, 2.969)
    assert round(other.lift, 4) == 0.375
    assert other.relevant


def test_rare_events_and_the_goal_itself_are_left_out() -> None:
    observed = [*people(30, 70, common=1), *people(3, 3, rare=1), *people(1, 30, **{GOAL: 1})]

    assert [row.event for row in report(observed, GOAL)] == ["common"]
    assert report(people(5, 0, common=1), GOAL, least=1) == []
    assert report([], GOAL) == []
