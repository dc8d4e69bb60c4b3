"""The real purchases of 23,570 customers, folded: their numbers and their money are known from the data set. Who is in
which segment: test_known_figures."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from local.cdnow import Order, read_orders
from services.scoring.domain.facts import Tally, fold
from services.shared.contracts.ingest import CustomerEvent
from tests.support.real_data import CDNOW_ORDERS, present


@pytest.fixture(scope="module")
def orders() -> list[Order]:
    return read_orders(present(CDNOW_ORDERS).read_text())


@pytest.fixture(scope="module")
def tallies(orders: list[Order]) -> dict[str, Tally]:
    return folded(orders)


def folded(orders: Iterable[Order]) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {}
    for order in orders:
        event = CustomerEvent(
            message_id=f"cdnow-{order.row}",
            type="track",
            name="Order Completed",
            at=order.at,
            properties={"order_id": order.row, "revenue": order.cents / 100, "currency": "USD"},
        )
        tallies[order.customer] = fold(tallies.get(order.customer, Tally()), event, frozenset())
    return tallies


@pytest.mark.capability("000-4")
def test_every_customer_and_every_cent(tallies: dict[str, Tally]) -> None:
    facts = [tally.facts() for tally in tallies.values()]

    assert len(facts) == 23_570
    assert sum(f["orders"] for f in facts) == 69_659
    assert sum(tally.revenue_cents for tally in tallies.values()) == 250_031_563


def test_the_order_of_arrival_makes_no_difference(orders: list[Order], tallies: dict[str, Tally]) -> None:
    shuffled = [order for order in orders if order.customer.endswith("7")]
    random.Random(7).shuffle(shuffled)

    again = folded(shuffled)
    assert len(again) > 2_000
    assert again == {customer: tallies[customer] for customer in again}
