"""Relevance report: which events announce the goal."""

from __future__ import annotations

import random
from datetime import timedelta

from services.scoring.domain.analysis.evidence import Share
from services.scoring.domain.analysis.observing import Observation, Trail, observe
from services.scoring.domain.analysis.relevance import report
from tests.unit.scoring.analysis.planted import DAY, EVENT, GOAL, NOISE, START, trails

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


def test_nothing_is_relevant_because_people_are_busy_or_were_there_for_longer() -> None:
    """Some do everything often, some hardly anything, over half a year; who is busy reaches the goal more often."""
    rng = random.Random(8)
    found = []
    for number in range(4_000):
        busy = rng.expovariate(1.0)
        begin = rng.uniform(0, 120)
        events = [
            (START + DAY * rng.uniform(begin, 180), name)
            for name in NOISE
            for _ in range(int(busy * rng.random() * 4))
        ]
        if rng.random() < 0.15 + 0.1 * min(busy, 3):
            events.append((START + DAY * rng.uniform(begin, 180), GOAL))
        found.append(Trail(f"p{number}", events))

    rows = report(observe(found, GOAL, WINDOW), GOAL)

    assert len(rows) == len(NOISE)
    assert [row.event for row in rows if row.relevant] == []


def test_figures_by_hand() -> None:
    did, visited = report([*people(30, 70, did=2, visited=1), *people(10, 190, visited=1)], GOAL)

    assert (did.event, did.given, did.without, did.support) == ("did", Share(30, 100), Share(10, 200), 100)
    assert round(did.lift, 4) == 2.25
    interval = did.lift_interval()
    assert (round(interval.low, 3), round(interval.high, 3)) == (1.642, 2.969)
    assert did.relevant
    assert (visited.lift, visited.relevant) == (1.0, False)


def test_what_announces_the_opposite_is_relevant_too() -> None:
    left, _ = report([*people(10, 190, left=1, visited=1), *people(30, 70, visited=1)], GOAL)

    assert (left.event, round(left.lift, 4), left.relevant) == ("left", 0.375, True)


def test_rare_events_and_the_goal_itself_are_left_out() -> None:
    observed = [*people(30, 70, common=1), *people(3, 3, rare=1), *people(1, 30, **{GOAL: 1})]

    assert [row.event for row in report(observed, GOAL)] == ["common"]
    assert report(people(5, 0, common=1), GOAL, least=1) == []
    assert report([], GOAL) == []
