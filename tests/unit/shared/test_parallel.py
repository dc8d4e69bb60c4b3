"""Many small calls at once: each has its answer, none its neighbour's trouble."""

from __future__ import annotations

import threading

import pytest

from services.shared.aws.parallel import WRITERS, done, each


def doubled(number: int) -> int:
    if number < 0:
        raise ValueError(number)
    return 2 * number


def test_answers_come_in_order_and_failures_stand_where_they_happened() -> None:
    results = each(doubled, [1, -2, 3, -4])

    assert [type(r).__name__ if isinstance(r, Exception) else r for r in results] == [
        2,
        "ValueError",
        6,
        "ValueError",
    ]


def test_calls_are_under_way_together() -> None:
    meeting = threading.Barrier(WRITERS, timeout=5)

    assert sorted(done(each(lambda _: meeting.wait(), range(WRITERS)))) == list(range(WRITERS))


def test_done_means_all_of_them() -> None:
    assert done(each(doubled, range(3))) == [0, 2, 4]
    assert done(each(doubled, [])) == []
    with pytest.raises(ValueError, match="-1"):
        done(each(doubled, [-1]))
    with pytest.raises(ValueError, match="-2"):
        done(each(doubled, [1, -2, -3]))
