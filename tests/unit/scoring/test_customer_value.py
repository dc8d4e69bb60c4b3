"""Customer value: what the products held bring, at the first purchase and on each change."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.scoring.adapters.standing_items import from_item, to_item
from services.scoring.domain.definitions import Definitions, MarginTable, Segment
from services.scoring.domain.judging import take_in
from services.scoring.domain.recalling import History, catch_up
from services.scoring.domain.standing import ProfileStanding
from services.shared.contracts.ingest import CustomerEvent
from services.shared.errors import Conflict, Invalid
from tests.unit.scoring.builders import change, definitions, event, on

MARGINS = {"savings": 12.0, "mortgage": 450.0, "card": -3.0}
TABLE = MarginTable.read("customer_value", {"margins": MARGINS})
RICH = {"rich": {"fact": "customer_value", "gte": 400}}
START = on("2026-01-01")


def by_table() -> Definitions:
    return Definitions.of(
        1, [TABLE, *(Segment.read(name, {"condition": when}) for name, when in RICH.items())]
    )


def bought(day: int, order_id: str, **pieces: int) -> CustomerEvent:
    products = [{"product_id": product, "quantity": quantity} for product, quantity in pieces.items()]
    return event("Order Completed", START + timedelta(days=day), order_id=order_id, products=products)


def test_it_comes_with_the_first_purchase_and_follows_each_change() -> None:
    told = [
        event("Product Viewed", START, product_id="mortgage"),
        bought(1, "a", savings=1, card=2),
        event("Product Opened", START + timedelta(days=2), product_id="mortgage"),
        event(
            "Order Refunded", START + timedelta(days=3), order_id="a", products=[{"product_id": "savings"}]
        ),
        event("Product Closed", START + timedelta(days=4), product_id="mortgage"),
    ]
    standing, seen = None, []
    for version, one in enumerate(told, 1):
        standing = take_in("prf_1", standing, [change(version, one)], by_table(), one.at)
        assert standing is not None
        seen.append(
            (standing.facts.get("customer_value"), "rich" in standing.segments, bool(standing.scored))
        )
        assert from_item(to_item(standing)).facts == standing.facts

    assert seen == [
        (None, False, True),
        (6, False, True),
        (456, True, True),
        (444, True, True),
        (-6, False, True),
    ]


events = st.lists(
    st.tuples(
        st.sampled_from(
            ["Order Completed", "Order Refunded", "Order Cancelled", "Product Opened", "Product Closed"]
        ),
        st.sampled_from(["a", "b"]),
        st.sampled_from([*MARGINS, "unpriced"]),
        st.integers(1, 3),
    ),
    max_size=9,
)


def from_scratch(told: list[tuple[str, str, str, int]]) -> float | None:
    """The value by a ledger of orders and products, in the order in which it happened."""
    orders: dict[str, tuple[str, Counter[str], Counter[str]]] = {}
    products: dict[str, bool] = {}
    for name, order_id, product, quantity in told:
        status, lines, back = orders.get(order_id, ("", Counter[str](), Counter[str]()))
        if name == "Order Completed":
            orders[order_id] = ("completed", Counter({product: quantity}), back)
        elif name == "Order Refunded":
            orders[order_id] = ("refunded", lines, back + Counter({product: quantity}))
        elif name == "Order Cancelled":
            orders[order_id] = ("cancelled", lines, back)
        else:
            products[product] = name == "Product Opened"
    held = Counter[str]()
    for status, lines, back in orders.values():
        if status != "cancelled":
            held += lines - back
    for product, is_open in products.items():
        if is_open and not held[product]:
            held[product] = 1
    if not products and all(status == "cancelled" for status, _, _ in orders.values()):
        return None
    return sum(MARGINS.get(product, 0) * pieces for product, pieces in held.items())


@given(events, st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_bit_by_bit_in_any_order_is_as_from_scratch(
    told: list[tuple[str, str, str, int]], chance: random.Random
) -> None:
    """F1, F2: every event comes twice, in any order and in batches of any size."""
    happened = []
    for day, (name, order_id, product, quantity) in enumerate(told):
        said: dict[str, Any] = (
            {"product_id": product}
            if name.startswith("Product")
            else {"order_id": order_id, "products": [{"product_id": product, "quantity": quantity}]}
        )
        happened.append(event(name, START + timedelta(days=day), **said))
    changes = [change(version, one) for version, one in enumerate(happened, 1)] * 2
    chance.shuffle(changes)
    now, standing = START + timedelta(days=30), None
    while changes:
        size = chance.randint(1, 3)
        standing = take_in("prf_1", standing, changes[:size], by_table(), now) or standing
        changes = changes[size:]

    expected = from_scratch(told)
    assert (standing or ProfileStanding("prf_1", 0, now)).facts.get("customer_value") == expected
    if standing:
        assert ("rich" in standing.segments) == ((expected or 0) >= 400)


def test_a_table_that_is_new_waits_for_the_past_and_then_is_told() -> None:
    before = take_in("prf_1", None, [change(1, bought(1, "a", mortgage=1))], definitions({}, {}), START)
    assert before is not None
    table = definitions({}, {}).with_(TABLE)

    later = take_in("prf_1", before, [change(2, bought(2, "b", savings=1))], table, START)
    assert later is not None
    assert "customer_value" not in later.facts, "half of what is held is not the value"

    history = History([(1, [bought(1, "a", mortgage=1)]), (2, [bought(2, "b", savings=1)])], {})
    whole = catch_up(later, history, table, START)
    assert whole is not None
    assert whole.facts["customer_value"] == 462
    assert [one.model for one in whole.scored] == [""]


def test_a_change_of_margins_changes_everybodys_value() -> None:
    standing = take_in("prf_1", None, [change(1, bought(1, "a", mortgage=1))], by_table(), START)
    assert standing is not None
    dearer = by_table().with_(MarginTable.read("customer_value", {"margins": {"mortgage": 300}}))

    after = catch_up(standing, None, dearer, START)
    assert after is not None
    assert (after.facts["customer_value"], set(after.segments), len(after.scored)) == (300, set(), 1)


def test_a_fact_of_no_table_is_refused_and_a_table_in_use_stays() -> None:
    with pytest.raises(Invalid, match="no fact named 'customer_value'"):
        definitions(RICH, {})
    with pytest.raises(Conflict, match="segment 'rich'"):
        by_table().without("margin-table", "customer_value")
    with pytest.raises(Invalid, match="another fact"):
        MarginTable.read("revenue", {"margins": MARGINS})
    with pytest.raises(Invalid, match="no score named 'nobody'"):
        definitions({}, {}).with_(
            MarginTable.read("v", {"margins": MARGINS, "propensities": {"card": "nobody"}})
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"margins": {}},
        {"margins": {"card": float("inf")}},
        {"margins": {"": 1}},
        {"margins": MARGINS, "propensities": {"unpriced": "likes"}},
        {"margins": MARGINS, "more": 1},
    ],
)
def test_what_is_no_table_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MarginTable.read("customer_value", wrong)
