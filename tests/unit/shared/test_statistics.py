"""Shares, intervals and tests against published values and against SciPy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.shared.statistics import Share, difference, p_differs

SHARES = st.integers(1, 2000).flatmap(lambda n: st.builds(Share, st.integers(0, n), st.just(n)))


@given(SHARES)
@settings(max_examples=40)
def test_the_interval_is_scipys(share: Share) -> None:
    from scipy import stats  # a second, which not every worker needs to spend

    theirs = stats.binomtest(share.hits, share.of).proportion_ci(0.95, method="wilson")

    assert (share.interval().low, share.interval().high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@given(SHARES, SHARES)
@settings(max_examples=40)
def test_the_probability_of_chance_is_scipys(first: Share, second: Share) -> None:
    """Fisher's exact test; for both directions twice the smaller tail."""
    from scipy import stats

    table = [[first.hits, first.of - first.hits], [second.hits, second.of - second.hits]]
    tails = [stats.fisher_exact(table, alternative=side)[1] for side in ("greater", "less")]

    assert p_differs(first, second) == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        (Share(56, 70), Share(48, 80), 0.0524, 0.3339),
        (Share(9, 10), Share(3, 10), 0.1705, 0.8090),
        (Share(5, 56), Share(0, 29), -0.0381, 0.1926),
        (Share(10, 10), Share(0, 10), 0.6075, 1.0),
    ],
)
def test_the_difference_has_the_published_interval(
    first: Share, second: Share, low: float, high: float
) -> None:
    """Newcombe (1998), "Interval estimation for the difference", table II, method 10."""
    found = difference(first, second)

    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
