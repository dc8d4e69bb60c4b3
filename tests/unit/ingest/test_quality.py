"""A known profile gets a known score."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.ingest.domain.quality import (
    attribute_reliability,
    completeness,
    is_valid,
    profile_reliability,
)
from tests.unit.ingest.people import START as NOW


@pytest.mark.capability("000-8")
def test_a_known_profile_gets_a_known_score() -> None:
    values = {"email": "ann@example.com", "firstName": "Ann", "phone": "not a phone", "hobby": "chess"}
    kinds = {"email": "declared", "firstName": "imported", "phone": "declared", "hobby": "observed"}
    ages = {"email": 730, "firstName": 9_000, "phone": 0, "hobby": 365}

    of = {
        name: attribute_reliability(
            name, value, kind=kinds[name], at=NOW - timedelta(days=ages[name]), now=NOW
        )
        for name, value in values.items()
    }

    assert of == {"email": 50, "firstName": 70, "phone": 0, "hobby": 40}
    assert completeness(values, NOW) == round(100 * (3 + 1) / 12)
    assert profile_reliability(of) == round((3 * 50 + 1 * 70 + 2 * 0 + 1 * 40) / 7)


def test_the_ends_of_the_scale() -> None:
    whole = {
        "email": "a@example.com",
        "phone": "+31612345678",
        "address": {"city": "Utrecht"},
        "firstName": "Ann",
        "lastName": "Bos",
        "birthday": "1980-02-29",
        "gender": "f",
        "locale": "nl",
    }
    assert completeness(whole, NOW) == 100
    assert completeness({}, NOW) == 0
    assert profile_reliability({}) == 0
    assert {attribute_reliability(n, v, kind="declared", at=NOW, now=NOW) for n, v in whole.items()} == {100}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("email", "ann"),
        ("phone", "06"),
        ("birthday", "2030-01-01"),
        ("birthday", "1899-12-31"),
        ("birthday", "soon"),
        ("firstName", ""),
        ("address", {}),
        ("firstName", None),
    ],
)
def test_what_is_not_valid_counts_for_nothing(name: str, value: object) -> None:
    assert not is_valid(name, value, NOW)
    assert attribute_reliability(name, value, kind="declared", at=NOW, now=NOW) == 0


def test_a_value_from_the_future_is_not_worth_more() -> None:
    ahead = attribute_reliability("x", "y", kind="derived", at=NOW + timedelta(days=9), now=NOW)
    assert ahead == 60
