"""The figures of identity resolution on sets with a known truth."""

from __future__ import annotations

import pytest

from benchmarks.identity_quality import (
    DATA,
    FAKE_1000,
    FEBRL,
    People,
    Quality,
    automatic,
    quality,
    read,
    review,
)
from tests.support.thorough import EXHAUSTIVE


def test_quality_counts_pairs() -> None:
    truth = {"a": "1", "b": "1", "c": "1", "d": "2"}
    assert quality({"a": 1, "b": 1, "c": 2, "d": 2}, truth) == Quality(2, 0.5, 1 / 3)
    assert quality({"a": 1, "b": 2, "c": 3, "d": 4}, truth) == Quality(4, 1.0, 0.0)
    assert quality({"a": 1, "b": 1, "c": 1, "d": 2}, truth) == Quality(2, 1.0, 1.0)


def present(people: People) -> list[dict[str, str]]:
    if not (DATA / people.file).exists():
        pytest.skip(f"no data: {DATA / people.file} is not there")
    return read(people)


@pytest.mark.parametrize(("people", "profiles", "recall"), [(FEBRL, 520, 0.96), (FAKE_1000, 635, 0.335)])
def test_what_merges_by_itself_is_right_in_any_order(people: People, profiles: int, recall: float) -> None:
    """Without a wrong merge; on febrl better than the national number with name and birth (529 profiles, .942)."""
    found = automatic(people, present(people))
    assert found.people == profiles
    assert found.precision >= 0.99
    assert found.recall >= recall


@pytest.mark.skipif(not EXHAUSTIVE, reason="models of a thousand people: make sweep")
@pytest.mark.parametrize(("people", "recall"), [(FEBRL, 0.99), (FAKE_1000, 0.59)])
def test_what_is_offered_for_review_is_mostly_right_and_finds_more(people: People, recall: float) -> None:
    precision, found = review(people, present(people))
    assert precision >= 0.99
    assert found >= recall
