"""Facts computed from events, and points given for them."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.scoring.domain.definitions import score_model
from services.scoring.domain.facts import Tally, fold
from services.shared.contracts.ingest import CustomerEvent
from tests.unit.scoring.builders import event, order


def facts_of(*events: CustomerEvent) -> dict[str, Any]:
    return reduce(lambda tally, e: fold(tally, e, frozenset()), events, Tally()).facts()


def test_orders_add_up_and_a_refund_subtracts() -> None:
    facts = facts_of(
        order("1997-01-10", 29.33),
        order("1997-01-02", "9.70"),
        event("Order Refunded", "1997-02-01", revenue=-9.7),
        event("Order Refunded", "1997-02-01", total=1),
        event("Email Opened", "1997-02-02"),
    )

    assert facts == {
        "orders": 2,
        "revenue": 28.33,
        "average_basket": 14.17,
        "first_order_at": "1997-01-02T12:00:00.000Z",
        "last_order_at": "1997-01-10T12:00:00.000Z",
        "emails_opened": 1,
        "emails_clicked": 0,
        "emails_bounced": 0,
        "unsubscribes": 0,
    }


def test_without_orders_there_is_no_basket_and_no_date() -> None:
    assert facts_of() == {
        "orders": 0,
        "revenue": 0,
        "emails_opened": 0,
        "emails_clicked": 0,
        "emails_bounced": 0,
        "unsubscribes": 0,
    }


@pytest.mark.parametrize("revenue", [None, True, "a lot", float("nan"), float("inf"), 1e300, [1], {}])
def test_what_is_no_amount_counts_as_an_order_of_nothing(revenue: Any) -> None:
    facts = facts_of(order("1997-01-01", revenue))

    assert (facts["orders"], facts["revenue"]) == (1, 0)


def test_a_page_named_like_an_order_is_no_order() -> None:
    assert facts_of(event("Order Completed", "1997-01-01", kind="page"))["orders"] == 0


def test_a_thousand_small_amounts_stay_exact() -> None:
    assert facts_of(*[order("1997-01-01", 0.1)] * 1_000)["revenue"] == 100


EVENTS = st.lists(
    st.one_of(
        st.integers(1, 28).flatmap(
            lambda day: st.floats(-50, 50).map(lambda revenue: order(f"1997-01-{day:02}", round(revenue, 3)))
        ),
        st.sampled_from(["Order Refunded", "Email Opened", "Unsubscribed", "Email Bounced", "Searched"]).map(
            lambda name: event(name, "1997-01-05", revenue=1.5)
        ),
    ),
    max_size=8,
)
MODEL = score_model(
    "engagement",
    {
        "rules": [
            {"event": "Order Completed", "points": 10, "cap": 25},
            {"event": "Email Opened", "points": 1.5, "once": True},
            {"event": "Unsubscribed", "points": -15, "cap": 20},
        ]
    },
)


@settings(max_examples=50)
@given(EVENTS.flatmap(lambda events: st.tuples(st.just(events), st.permutations(events))))
def test_the_order_of_arrival_makes_no_difference(
    both: tuple[list[CustomerEvent], list[CustomerEvent]],
) -> None:
    one, other = (reduce(lambda t, e: fold(t, e, frozenset()), events, Tally()) for events in both)

    assert one.facts() == other.facts()
    assert MODEL.score(one.counts) == MODEL.score(other.counts)


@pytest.mark.parametrize(
    ("counts", "score"),
    [
        ({}, 0),
        ({"track:Order Completed": 2}, 20),
        ({"track:Order Completed": 3}, 25),
        ({"track:Email Opened": 7}, 1.5),
        ({"track:Unsubscribed": 1}, -15),
        ({"track:Unsubscribed": 2, "track:Order Completed": 9}, 5),
    ],
)
def test_points_are_capped_per_rule_plus_and_minus(counts: dict[str, int], score: float) -> None:
    assert MODEL.score(counts) == score
    assert sum(float(row["points"]) for row in MODEL.ledger(counts)) == score


@pytest.mark.parametrize(
    "rule",
    [
        {"points": 1},
        {"event": "", "points": 1},
        {"event": "x"},
        {"event": "x", "points": float("nan")},
        {"event": "x", "points": 1, "cap": 0},
        {"event": "x", "points": 1, "decay": "P30D"},
    ],
)
def test_a_rule_that_is_none_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        score_model("engagement", {"rules": [rule]})
