"""Customer value from the products held, and offers by what to expect of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.analysis.value import Change, CustomerValue, Offer, history, ranked, value_of

START = datetime(2026, 1, 1, tzinfo=UTC)
MARGINS = {"savings": 1_200, "mortgage": 45_000, "card": -300}


def at(day: int) -> datetime:
    return START + timedelta(days=day)


def test_value_at_the_first_purchase_and_on_each_change() -> None:
    changes = [
        Change(at(9), "mortgage"),
        Change(at(1), "savings"),
        Change(at(1), "card", 2),
        Change(at(20), "savings", -1),
        Change(at(30), "insurance"),
    ]

    assert history(changes, MARGINS) == [
        CustomerValue(at(1), 600, {"card": 2, "savings": 1}, first=True),
        CustomerValue(at(9), 45_600, {"card": 2, "mortgage": 1, "savings": 1}),
        CustomerValue(at(20), 44_400, {"card": 2, "mortgage": 1}),
        CustomerValue(at(30), 44_400, {"card": 2, "insurance": 1, "mortgage": 1}, unpriced=("insurance",)),
    ]


def test_what_changes_nothing_makes_nobody_a_customer() -> None:
    assert (
        history([Change(at(1), "savings", -1), Change(at(2), "card"), Change(at(2), "card", -1)], MARGINS)
        == []
    )


changes = st.lists(
    st.builds(
        Change,
        at=st.integers(0, 6).map(at),
        product=st.sampled_from([*MARGINS, "unknown"]),
        quantity=st.integers(-2, 3),
    ),
    max_size=10,
)


@given(changes)
@settings(max_examples=80)
def test_every_value_is_that_of_what_is_held(told: list[Change]) -> None:
    found = history(told, MARGINS)

    assert found == history(told[::-1], MARGINS)
    assert [one.at for one in found] == sorted({one.at for one in found})
    assert [one.first for one in found] == [True, *[False] * 10][: len(found)]
    assert all(
        one.cents == value_of(one.held, MARGINS) and min(one.held.values(), default=1) > 0 for one in found
    )


OFFERS = [Offer("move", "mortgage"), Offer("save", "savings"), Offer("pay", "card"), Offer("new", "unpriced")]


@pytest.mark.capability("003-11")
def test_offers_follow_margin_times_propensity() -> None:
    found = ranked(OFFERS, {"move": 0.01, "save": 0.5, "pay": 0.9, "new": 0.9}, MARGINS)

    assert [(one.offer.name, one.cents) for one in found] == [("save", 600), ("move", 450), ("pay", -270)]


@given(st.dictionaries(st.sampled_from([one.name for one in OFFERS]), st.floats(0, 1)))
@settings(max_examples=50)
def test_the_order_is_that_of_the_product(propensity: dict[str, float]) -> None:
    found = ranked(OFFERS, propensity, MARGINS)

    assert [one.cents for one in found] == sorted(
        (one.margin * one.propensity for one in found), reverse=True
    )
    assert {one.offer.name for one in found} == set(propensity) - {"new"}
