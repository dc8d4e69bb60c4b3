"""The real purchases of 23,570 customers, folded and judged: the counts are known from the data set."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from local.cdnow import Order, read_orders
from services.scoring.domain.definitions import Segment
from services.scoring.domain.facts import Tally, fold
from services.shared.conditions import evaluate
from services.shared.contracts.ingest import CustomerEvent
from tests.support.real_data import CDNOW_ORDERS, present

END = datetime(1998, 6, 30, 12, tzinfo=UTC)
"""The known counts are by day, and all orders are dated at noon: the far day is within, so a second more."""


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
    shuffled = list(orders)
    random.Random(7).shuffle(shuffled)

    assert folded(shuffled) == tallies


@pytest.mark.capability("000-4")
@pytest.mark.parametrize(
    ("condition", "people"),
    [
        ({"fact": "revenue", "gte": 500}, 734),
        ({"fact": "orders", "gte": 3}, 7_583),
        ({"fact": "orders", "gte": 10}, 1_154),
        ({"fact": "orders", "eq": 1}, 11_908),
        ({"fact": "last_order_at", "lt": "1998-01-01T00:00:00Z"}, 18_196),
        ({"fact": "last_order_at", "within": "P90DT1S"}, 3_317),
        ({"fact": "last_order_at", "older_than": "P90DT1S"}, 23_570 - 3_317),
        ({"fact": "last_order_at", "within": "P30DT1S"}, 1_554),
    ],
)
def test_segments_select_the_known_number_of_people(
    tallies: dict[str, Tally], condition: dict[str, object], people: int
) -> None:
    chosen = Segment.read("chosen", {"condition": condition}).condition

    assert sum(evaluate(chosen, {"facts": t.facts()}, END) for t in tallies.values()) == people
