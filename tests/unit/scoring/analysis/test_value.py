"""What products held bring, and offers by what to expect of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.analysis.value import ranked, value_of

MARGINS = {"savings": 12.0, "mortgage": 450.0, "card": -3.0}
PRODUCTS = [*MARGINS, "unpriced"]


def test_value_is_the_sum_of_margins_to_the_cent() -> None:
    assert value_of({"card": 2, "savings": 1}, MARGINS) == 6
    assert value_of({"pen": 3}, {"pen": 0.1}) == 0.3
    assert value_of({"unpriced": 5}, MARGINS) == 0


@pytest.mark.capability("003-11")
def test_offers_follow_margin_times_propensity() -> None:
    chances = {"mortgage": 0.01, "savings": 0.5, "card": 0.9, "unpriced": 0.9}

    assert [(one.product, one.expected) for one in ranked(MARGINS, chances)] == [
        ("savings", 6.0),
        ("mortgage", 4.5),
        ("card", -2.7),
    ]
    assert [one.product for one in ranked(MARGINS, chances, {"savings"})] == ["mortgage", "card"]


@given(st.dictionaries(st.sampled_from(PRODUCTS), st.floats(0, 1)), st.sets(st.sampled_from(PRODUCTS)))
@settings(max_examples=60)
def test_the_order_is_that_of_the_product(chances: dict[str, float], held: set[str]) -> None:
    found = ranked(MARGINS, chances, held)

    assert [one.expected for one in found] == sorted(
        (one.margin * one.propensity for one in found), reverse=True
    )
    assert {one.product for one in found} == chances.keys() - held - {"unpriced"}
