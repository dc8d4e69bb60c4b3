"""Intervals and tests against published and counted values."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.analysis.evidence import (
    Share,
    area_under_curve,
    false_discovery,
    p_differs,
    p_differs_among_equals,
    p_greater,
    p_greater_among_equals,
)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(hits: int, of: int, low: float, high: float) -> None:
    """Newcombe (1998), table I, method 3."""
    interval = Share(hits, of).interval()

    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(max_examples=50)
def test_the_rate_lies_in_its_interval(share: tuple[int, int]) -> None:
    interval = Share(*share).interval()

    assert 0 <= interval.low <= share[0] / share[1] <= interval.high <= 1


@given(st.integers(1, 6), st.integers(1, 6), st.data())
@settings(max_examples=60)
def test_fisher_is_what_counting_every_way_gives(a: int, b: int, data: st.DataObject) -> None:
    hits_a, hits_b = data.draw(st.integers(0, a)), data.draw(st.integers(0, b))
    ways = list(combinations(range(a + b), hits_a + hits_b))
    as_much = sum(sum(i < a for i in way) >= hits_a for way in ways)

    assert p_greater(Share(hits_a, a), Share(hits_b, b)) == pytest.approx(as_much / len(ways))


def test_fisher_of_the_lady_tasting_tea() -> None:
    assert p_greater(Share(3, 4), Share(1, 4)) == pytest.approx(17 / 70)


def test_a_rate_that_is_far_lower_is_no_greater_however_many_people() -> None:
    assert p_greater(Share(10, 100_000), Share(50_000, 100_000)) == pytest.approx(1.0)
    assert p_greater(Share(50_000, 100_000), Share(10, 100_000)) == pytest.approx(0.0)
    assert p_differs(Share(10, 100_000), Share(50_000, 100_000)) == pytest.approx(0.0)


def test_false_discovery_by_hand() -> None:
    assert false_discovery([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert false_discovery([]) == []


def test_the_area_under_the_curve_counts_pairs() -> None:
    scores, outcomes = [0.1, 0.4, 0.4, 0.9], [False, False, True, True]

    assert area_under_curve(scores, outcomes) == pytest.approx(3.5 / 4)
    with pytest.raises(ValueError, match="both outcomes"):
        area_under_curve([1.0], [True])


def test_among_equals_the_difference_between_the_groups_does_not_count() -> None:
    """Simpson's paradox: within either group both do the same; together the first looks better."""
    pairs = [(Share(80, 100), Share(8, 10)), (Share(1, 10), Share(10, 100))]
    first, second = (sum(side, Share(0, 0)) for side in zip(*pairs, strict=True))

    assert p_differs(first, second) < 0.001
    assert p_differs_among_equals(pairs) > 0.5


def test_mantel_and_haenszel_by_hand() -> None:
    """Surplus 2 * (30 - 20) less 0.5, variance 2 * 50 * 50 * 40 * 60 / (100^2 * 99)."""
    pairs = [(Share(30, 50), Share(10, 50))] * 2

    expected = 0.5 * math.erfc(19.5 / math.sqrt(2 * 50 * 50 * 40 * 60 / (100**2 * 99)) / math.sqrt(2))
    assert p_greater_among_equals(pairs) == pytest.approx(expected)
    assert p_greater_among_equals([(Share(3, 4), Share(1, 4)), (Share(2, 2), Share(0, 0))]) == pytest.approx(
        17 / 70
    )
    assert p_greater_among_equals([]) == 1.0
