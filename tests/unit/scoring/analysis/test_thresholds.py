"""Threshold finder: it finds what was planted, and nothing where there is nothing."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.analysis.evidence import Share
from services.scoring.domain.analysis.observing import Trail, observe
from services.scoring.domain.analysis.thresholds import by_count, find
from tests.unit.scoring.analysis.planted import DAY, EVENT, GOAL, START, trails

WINDOW = timedelta(days=30)


@pytest.mark.capability("004-3")
def test_more_than_two_simulations_want_an_appointment() -> None:
    observed = observe(trails(3_000, seed=1), GOAL, WINDOW)

    found = find(by_count(observed, EVENT)).suggested

    assert found is not None
    assert found.at_least == 3
    assert found.lift > 1.3
    assert found.lift_interval().low > 1
    assert found.above.of + found.below.of == len(observed)


@pytest.mark.capability("004-3")
@pytest.mark.parametrize("planted", [1, 2, 4, 7])
def test_finds_a_planted_cut_off(planted: int) -> None:
    rng = random.Random(planted)
    people = [(times, rng.random() < (0.3 if times >= planted else 0.1)) for times in list(range(10)) * 300]
    shares = {
        n: Share(sum(hit for t, hit in people if t == n), sum(t == n for t, _ in people)) for n in range(10)
    }

    found = find([shares]).suggested

    assert found is not None
    assert found.at_least == planted
    assert found.above.interval().low < 0.3 < found.above.interval().high


@pytest.mark.capability("004-3")
def test_says_none_on_noise_as_often_as_it_promises() -> None:
    """100 sets of noise: 5 may be taken for a signal on average; 10 would be one in 65."""
    wrong = 0
    for seed in range(100):
        rng = random.Random(seed)
        shares = {n: Share(sum(rng.random() < 0.1 for _ in range(60)), 60) for n in range(10)}
        wrong += find([shares]).suggested is not None

    assert wrong <= 9


def test_noise_in_what_people_did_is_none_too() -> None:
    observed = observe(trails(1_500, seed=3, likely=0.2, base=0.2), GOAL, WINDOW)

    assert find(by_count(observed, EVENT)).suggested is None


def test_an_event_that_puts_people_off_is_no_cut_off() -> None:
    shares = {0: Share(40_000, 50_000), 1: Share(10, 50_000)}

    finding = find([shares])

    assert finding.tried
    assert finding.suggested is None


def test_a_handful_of_people_is_not_suggested() -> None:
    shares = {0: Share(10, 1_000), 5: Share(9, 10)}

    assert find([shares]).suggested is None
    assert find([shares], least=10).suggested is not None


@given(st.dictionaries(st.integers(0, 12), st.tuples(st.integers(0, 40), st.integers(0, 60)), max_size=8))
@settings(max_examples=80)
def test_every_side_adds_up_to_everybody(table: dict[int, tuple[int, int]]) -> None:
    shares = {times: Share(hits, hits + misses) for times, (hits, misses) in table.items()}
    everybody = sum(shares.values(), Share(0, 0))

    finding = find([shares])

    assert all(one.above + one.below == everybody for one in finding.tried)
    assert finding.suggested is None or finding.suggested.above.rate > finding.suggested.below.rate


def test_only_the_window_before_the_goal_is_counted() -> None:
    events = [(START, EVENT), (START + 40 * DAY, EVENT), (START + 50 * DAY, GOAL), (START + 51 * DAY, EVENT)]

    (seen,) = observe([Trail("a", events)], GOAL, WINDOW)

    assert (seen.moment, seen.reached, seen.counts) == (START + 50 * DAY, True, {EVENT: 1})


def test_who_never_reached_the_goal_is_looked_at_at_an_age_at_which_somebody_did() -> None:
    reached = [Trail(f"r{n}", [(START, "Visited"), (START + n * DAY, GOAL)]) for n in (10, 20, 30)]
    others = [Trail(f"o{n}", [(START + 5 * DAY, "Visited")]) for n in range(40)]
    late = Trail("late", [(START + 25 * DAY, "Visited")])

    seen = observe([*reached, *others, late], GOAL, WINDOW)

    drawn = {one.moment for one in seen if not one.reached}
    assert drawn == {START + 15 * DAY, START + 25 * DAY}, "the age of 30 days lies after the end of the data"
    assert "late" not in {one.person for one in seen}, "nobody can know yet what becomes of them"
    assert observe([late, *others, *reached], GOAL, WINDOW) == seen


def test_who_is_gone_is_not_compared_with_who_is_there() -> None:
    reached = [
        Trail(f"r{n}", [(START + n * DAY, "Visited") for n in range(90)] + [(START + 90 * DAY, GOAL)])
        for n in range(3)
    ]
    gone = Trail("gone", [(START, "Visited")])
    stayed = Trail("stayed", [(START, "Visited"), (START + 70 * DAY, "Visited")])

    seen = {one.person: one for one in observe([*reached, gone, stayed], GOAL, WINDOW)}

    assert "gone" not in seen
    assert seen["stayed"].moment == START + 90 * DAY
    assert seen["stayed"].counts == {"Visited": 1}


def test_goals_reached_before_the_period_are_of_no_use() -> None:
    old, new = (
        Trail(name, [(START, "Visited"), (START + n * DAY, GOAL)]) for name, n in (("old", 1), ("new", 9))
    )

    seen = observe([old, new], GOAL, WINDOW, since=START + 2 * DAY)

    assert [one.person for one in seen] == ["new"]


def test_nobody_reached_the_goal() -> None:
    finding = find(by_count(observe([Trail("a", [(START, EVENT)])], GOAL, WINDOW), EVENT))

    assert (finding.by_count, finding.tried, finding.suggested) == ({}, (), None)
