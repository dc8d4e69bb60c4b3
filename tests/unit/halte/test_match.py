"""Pairs for review, of bases that teach the model little or nothing."""

from __future__ import annotations

import random
from typing import Any

import pytest

from halte.match import REVIEW, TooFew, candidates, person

SAME = {"firstName": "Ann", "lastName": "Jansen", "birthday": "1980-01-02"}


def everybody(count: int, **more: Any) -> list[dict[str, Any]]:
    """People who have nothing in common, each with an address of their own."""
    return [
        person(
            f"x{n}",
            {
                "firstName": f"N{n}",
                "lastName": f"L{n}",
                "birthday": f"{1950 + n}-03-11",
                "email": f"n{n}@x.nl",
                **more,
            },
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("others", [0, 12])
def test_who_agrees_on_name_and_birthday_is_offered_however_small_the_base(others: int) -> None:
    """Addresses belong to one person each, as they do where they merge: no two agree on one."""
    people = [
        person("a", {**SAME, "email": "a@x.nl"}),
        person("b", {**SAME, "firstName": " ANN ", "email": "b@x.nl"}),
        *everybody(others),
    ]
    expected = candidates(people)
    assert [(one.first, one.second) for one in expected] == [("a", "b")]
    assert expected[0].probability >= REVIEW
    assert (expected[0].agree, expected[0].differ) == (("first_name", "last_name", "birthday"), ("email",))
    random.Random(1).shuffle(people)
    assert candidates(people) == expected


def test_of_people_with_nothing_in_common_no_pair_is_offered() -> None:
    assert candidates(everybody(12)) == []


def test_a_threshold_above_that_of_review_asks_the_model_alone() -> None:
    assert candidates([person("a", SAME), person("b", SAME)], threshold=0.99) == []


def test_nothing_is_known_of_them() -> None:
    with pytest.raises(TooFew):
        candidates([person("a", {"plan": "x"}), person("b", {})])


def test_a_handful_alike_in_nearly_everything_is_compared_all_the_same() -> None:
    """The library learns that what never differs can't, and refuses its own finding; it took the whole run with it."""
    traits = [
        {"firstName": "ann", "lastName": "vos", "email": "b@x.nl"},
        {"firstName": "ann", "lastName": "jansen", "email": "a@x.nl", "postalCode": "1234ac"},
        {"firstName": "bob", "lastName": "vos", "email": "b@x.nl"},
    ]
    people = [person(str(number), {**known, "birthday": "1980-01-03"}) for number, known in enumerate(traits)]
    found = candidates(people)
    assert {(one.first, one.second) for one in found} <= {("0", "1"), ("0", "2"), ("1", "2")}
