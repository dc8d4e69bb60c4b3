"""Each version of a profile is taken in once, in whatever order they come."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.applied import MAX_RANGES, AppliedVersions


@settings(max_examples=50)
@given(st.permutations(list(range(1, 9))), st.integers(0, 8))
def test_knows_exactly_what_was_added(versions: list[int], taken: int) -> None:
    applied = AppliedVersions()
    for version in versions[:taken]:
        applied = applied.add(version)

    assert [v for v in range(1, 9) if v in applied] == sorted(versions[:taken])
    assert applied.newest == max(versions[:taken], default=0)


@settings(max_examples=20)
@given(st.permutations(list(range(1, 9))))
def test_is_one_range_when_nothing_is_missing(versions: list[int]) -> None:
    applied = AppliedVersions()
    for version in versions:
        applied = applied.add(version).add(version)

    assert applied.ranges == ((1, 8),)


def test_gives_up_the_oldest_gap_when_there_are_too_many() -> None:
    applied = AppliedVersions()
    for version in range(2, 2 * MAX_RANGES + 4, 2):
        applied = applied.add(version)

    assert len(applied.ranges) == MAX_RANGES
    assert 3 in applied
    assert 5 not in applied
