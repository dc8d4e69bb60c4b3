"""The real purchases of 23,570 customers, folded and judged: the counts are known from the data set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.scoring.domain.facts import Tally, fold
from services.shared.conditions import evaluate, parse
from services.shared.contracts.ingest import CustomerEvent

DATA = Path(__file__).parents[3].parent / "shared" / "data" / "cdnow" / "CDNOW_master.txt"
END = datetime(1998, 6, 30, tzinfo=UTC)
"""The known counts are by day: an order of 1 April is within 90 days of 30 June until noon, when orders are dated."""


@pytest.fixture(scope="module")
def tallies() -> dict[str, Tally]:
    if not DATA.exists():
        pytest.skip(f"REAL DATA NOT PRESENT: {DATA}")
    folded: dict[str, Tally] = {}
    for customer, event in purchases():
        folded[customer] = fold(folded.get(customer, Tally()), event, frozenset())
    return folded


def purchases() -> Iterator[tuple[str, CustomerEvent]]:
    for number, line in enumerate(DATA.read_text().splitlines()[1:], start=1):
        customer, day, quantity, revenue = line.split()
        yield (
            customer,
            CustomerEvent(
                message_id=f"cdnow-{number}",
                type="track",
                name="Order Completed",
                at=datetime.strptime(day, "%Y%m%d").replace(hour=12, tzinfo=UTC),
                properties={"quantity": int(quantity), "revenue": float(revenue), "currency": "USD"},
            ),
        )


def test_every_customer_and_every_cent(tallies: dict[str, Tally]) -> None:
    facts = [tally.facts() for tally in tallies.values()]

    assert len(facts) == 23_570
    assert sum(f["orders"] for f in facts) == 69_659
    assert sum(tally.revenue_cents for tally in tallies.values()) == 250_031_563


@pytest.mark.parametrize(
    ("condition", "people"),
    [
        ({"fact": "revenue", "gte": 500}, 734),
        ({"fact": "orders", "gte": 3}, 7_583),
        ({"fact": "orders", "gte": 10}, 1_154),
        ({"fact": "orders", "eq": 1}, 11_908),
        ({"fact": "last_order_at", "lt": "1998-01-01T00:00:00Z"}, 18_196),
        ({"fact": "last_order_at", "within": "P90D"}, 3_317),
        ({"fact": "last_order_at", "older_than": "P90D"}, 23_570 - 3_317),
        ({"fact": "last_order_at", "within": "P30D"}, 1_554),
    ],
)
def test_conditions_select_the_known_number_of_people(
    tallies: dict[str, Tally], condition: dict[str, object], people: int
) -> None:
    parsed = parse(condition)

    assert sum(evaluate(parsed, {"facts": t.facts()}, END) for t in tallies.values()) == people
