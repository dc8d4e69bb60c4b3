"""Facts computed from events, and points given for them."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.scoring.domain.definitions import ScoreModel
from services.scoring.domain.definitions.models import Seen
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
        "promo_share": 0,
        "first_seen_at": "1997-01-02T12:00:00.000Z",
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


def placed(order_id: str | int, at: str, revenue: Any, **properties: Any) -> CustomerEvent:
    return event("Order Completed", at, order_id=order_id, revenue=revenue, **properties)


def refunded(order_id: str, **properties: Any) -> CustomerEvent:
    return event("Order Refunded", "1997-03-01", order_id=order_id, **properties)


def cancelled(order_id: str) -> CustomerEvent:
    return event("Order Cancelled", "1997-03-01", order_id=order_id)


A, B = placed("a", "1997-01-01", 100), placed("b", "1997-02-01", 40.5, coupon="NEW10")
JANUARY, FEBRUARY = "1997-01-01T12:00:00.000Z", "1997-02-01T12:00:00.000Z"


@pytest.mark.capability("000-4")
@pytest.mark.parametrize(
    ("events", "orders", "revenue", "basket", "promo", "last"),
    [
        pytest.param([A], 1, 100, 100, 0, JANUARY, id="one order"),
        pytest.param([A, B], 2, 140.5, 70.25, 0.5, FEBRUARY, id="a coupon on one of two"),
        pytest.param([A, B, refunded("a", revenue=25)], 2, 115.5, 57.75, 0.5, FEBRUARY, id="part given back"),
        pytest.param([A, B, refunded("b")], 2, 100, 50, 0.5, FEBRUARY, id="a whole order given back"),
        pytest.param(
            [A, B, refunded("b", total=-40.5), refunded("b")], 2, 100, 50, 0.5, FEBRUARY, id="twice"
        ),
        pytest.param([A, B, cancelled("b")], 1, 100, 100, 0, JANUARY, id="cancelled: never was"),
        pytest.param(
            [A, B, cancelled("b"), cancelled("b"), refunded("b", revenue=40.5)],
            1,
            100,
            100,
            0,
            JANUARY,
            id="cancelled twice and paid back",
        ),
        pytest.param([A, B, cancelled("unheard of")], 2, 140.5, 70.25, 0.5, FEBRUARY, id="unknown order"),
        pytest.param(
            [A, B, event("Order Cancelled", "1997-03-01")],
            2,
            140.5,
            70.25,
            0.5,
            FEBRUARY,
            id="nobody knows which",
        ),
        pytest.param([A, placed("a", "1997-01-01", 100)], 1, 100, 100, 0, JANUARY, id="told by shop and ERP"),
        pytest.param([A, placed("a", "1997-02-01", 90)], 1, 90, 90, 0, FEBRUARY, id="as it was told last"),
        pytest.param(
            [A, event("Account Adjusted", "1997-05-01", revenue=-11062.06)],
            1,
            -10962.06,
            -10962.06,
            0,
            JANUARY,
            id="bad debt",
        ),
        pytest.param(
            [A, event("Order Refunded", "1997-05-01", revenue=1)],
            1,
            99,
            99,
            0,
            JANUARY,
            id="refund of no order in particular",
        ),
        pytest.param(
            [placed(7, "1997-01-01", 10, discount="2.50"), placed("8", "1997-02-01", 10, discount=0)],
            2,
            20,
            10,
            0.5,
            FEBRUARY,
            id="a discount",
        ),
        pytest.param(
            [placed("c", "1997-01-01", 9, products=[{"sku": "1"}, {"coupon": "X"}])],
            1,
            9,
            9,
            1,
            JANUARY,
            id="a coupon on a line",
        ),
    ],
)
def test_what_became_of_orders(
    events: list[CustomerEvent], orders: int, revenue: float, basket: float, promo: float, last: str
) -> None:
    for told in (events, events[::-1]):
        facts = facts_of(*told)
        assert (facts["orders"], facts["revenue"]) == (orders, revenue)
        assert (facts["average_basket"], facts["promo_share"], facts["last_order_at"]) == (
            basket,
            promo,
            last,
        )


def test_a_person_whose_only_order_was_cancelled_has_no_basket_and_no_date() -> None:
    facts = facts_of(A, cancelled("a"))

    assert (facts["orders"], facts["revenue"]) == (0, 0)
    assert not {"average_basket", "promo_share", "first_order_at", "last_order_at"} & facts.keys()


def test_an_order_pushed_out_by_newer_ones_stands_as_it_was() -> None:
    many = [placed(n, f"1997-01-{n:02}", 1) for n in range(1, 25)]

    assert facts_of(*many)["orders"] == 24
    assert facts_of(*many, refunded("1", revenue=1))["revenue"] == 23
    assert facts_of(*many, cancelled("1"))["orders"] == 24
    assert facts_of(*many, cancelled("24"))["last_order_at"] == "1997-01-23T12:00:00.000Z"
    assert facts_of(*many[:1], cancelled("1"), *many[1:])["orders"] == 23


def test_tenure_begins_with_the_first_thing_a_person_did() -> None:
    facts = facts_of(A, event("Home", "1996-12-24", kind="page"), event("Searched", "1997-06-01"))

    assert facts["first_seen_at"] == "1996-12-24T12:00:00.000Z"
    assert facts["first_order_at"] == JANUARY


def test_a_page_named_like_an_order_is_no_order() -> None:
    assert facts_of(event("Order Completed", "1997-01-01", kind="page"))["orders"] == 0


def test_a_thousand_small_amounts_stay_exact() -> None:
    assert facts_of(*[order("1997-01-01", 0.1)] * 1_000)["revenue"] == 100


EVENTS = st.lists(
    st.one_of(
        st.integers(1, 28).flatmap(
            lambda day: st.floats(-50, 50).map(lambda revenue: order(f"1997-01-{day:02}", round(revenue, 3)))
        ),
        st.tuples(
            st.sampled_from(["Order Completed", "Order Refunded", "Order Cancelled"]),
            st.sampled_from("abc"),
            st.one_of(st.none(), st.integers(-9, 9)),
            st.integers(1, 28),
        ).map(
            lambda t: event(t[0], f"1997-01-{t[3]:02}", order_id=t[1], revenue=t[2], coupon="x" * (t[3] % 2))
        ),
        st.sampled_from(["Order Refunded", "Email Opened", "Unsubscribed", "Email Bounced", "Searched"]).map(
            lambda name: event(name, "1997-01-05", revenue=1.5)
        ),
    ),
    max_size=8,
)
MODEL = ScoreModel.read(
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
    assert MODEL.score(Seen(one.counts), {}) == MODEL.score(Seen(other.counts), {})


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
    assert MODEL.score(Seen(counts), {}) == score
    explained = MODEL.explained(Seen(counts), {}, 0)
    assert sum(float(row["points"]) for row in explained["rules"]) == score
    assert sum(float(row["points"]) for row in explained["ledger"]) == score


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
        ScoreModel.read("engagement", {"rules": [rule]})
