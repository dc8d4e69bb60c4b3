"""Segments over real purchases select the people that plain counting finds: by facts, and by clauses about events.

CDNOW: 69,659 purchases of 23,570 customers, of whom scoring sees every tenth here and all in the sweep. Online
Retail, December 2010: 2,025 invoices of 948 customers and 317 that name nobody.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.cdnow import Order, read_orders, slice_of
from services.scoring.domain.definitions import Definitions, Segment
from services.scoring.domain.memory import Memory
from services.scoring.domain.seeing import known
from services.scoring.domain.standing import ProfileStanding
from services.shared.conditions import evaluate
from services.shared.contracts.ingest import CustomerEvent
from tests.support.real_data import CDNOW_ORDERS, present
from tests.support.thorough import EXHAUSTIVE
from tests.unit.scoring import test_online_retail as retail

invoices = retail.invoices

NOON = datetime(1998, 6, 30, 12, tzinfo=UTC)
"""Orders are dated at noon and the figures are by day: the far day is within, so a second more than 90 days."""

BOUGHT = {"event": "Order Completed"}
Documents = Mapping[str, Mapping[str, Any]]

CDNOW: Mapping[str, tuple[dict[str, Any], int]] = {
    "fact_3": ({"fact": "orders", "gte": 3}, 7_583),
    "event_3": ({**BOUGHT, "count": {"gte": 3}}, 7_583),
    "fact_10": ({"fact": "orders", "gte": 10}, 1_154),
    "event_10": ({**BOUGHT, "count": {"gte": 10}}, 1_154),
    "fact_one": ({"fact": "orders", "eq": 1}, 11_908),
    "event_one": ({**BOUGHT, "count": {"eq": 1}}, 11_908),
    "fact_500": ({"fact": "revenue", "gte": 500}, 734),
    "event_500": ({**BOUGHT, "sum": {"of": "revenue", "gte": 500}}, 734),
    "fact_none_since": ({"fact": "last_order_at", "lt": "1998-01-01T00:00:00Z"}, 18_196),
    "event_none_since": ({**BOUGHT, "from": "1998-01-01T00:00:00Z", "count": {"eq": 0}}, 18_196),
    "event_last": ({**BOUGHT, "last": {"of": "@at", "lt": "1998-01-01T00:00:00Z"}}, 18_196),
    "fact_90": ({"fact": "last_order_at", "within": "P90DT1S"}, 3_317),
    "event_90": ({**BOUGHT, "within": "P90DT1S"}, 3_317),
    "event_not_90": ({**BOUGHT, "within": "P90DT1S", "count": {"eq": 0}}, 23_570 - 3_317),
    "fact_30": ({"fact": "last_order_at", "within": "P30DT1S"}, 1_554),
    "event_30": ({**BOUGHT, "within": "P30DT1S"}, 1_554),
}


def selected(
    people: Mapping[str, Iterable[CustomerEvent]], conditions: Mapping[str, dict[str, Any]], now: datetime
) -> dict[str, set[str]]:
    """By segment, who is in it, remembered and judged as scoring does."""
    segments = {name: Segment.read(name, {"condition": condition}) for name, condition in conditions.items()}
    definitions = Definitions.of(1, segments.values())
    found: dict[str, set[str]] = {name: set() for name in segments}
    for who, events in people.items():
        memory = Memory()
        for event in events:
            memory = memory.with_event(event, definitions.needs)
        memory = memory.pruned(definitions.needs, now)
        view = known(ProfileStanding(who, 1, now), memory, definitions)
        for name, segment in segments.items():
            if evaluate(segment.condition, view, now):
                found[name].add(who)
    return found


def bought(order: Order) -> CustomerEvent:
    return CustomerEvent(
        message_id=f"cdnow-{order.row}",
        type="track",
        name="Order Completed",
        at=order.at,
        properties={"order_id": order.row, "revenue": order.cents / 100, "currency": "USD"},
    )


@pytest.fixture(scope="module")
def orders() -> list[Order]:
    return read_orders(present(CDNOW_ORDERS).read_text())


@pytest.fixture(scope="module")
def plain(orders: list[Order]) -> dict[str, set[str]]:
    """Who the figures count, by plain counting of everybody's orders."""
    count, cents = Counter[str](), Counter[str]()
    last: dict[str, datetime] = {}
    for order in orders:
        count[order.customer] += 1
        cents[order.customer] += order.cents
        last[order.customer] = max(order.at, last.get(order.customer, order.at))

    def since(day: datetime) -> set[str]:
        return {who for who, at in last.items() if at >= day}

    everybody, ninety = set(count), since(NOON - timedelta(days=90))
    by_facts = {
        "3": {who for who, number in count.items() if number >= 3},
        "10": {who for who, number in count.items() if number >= 10},
        "one": {who for who, number in count.items() if number == 1},
        "500": {who for who, number in cents.items() if number >= 50_000},
        "none_since": everybody - since(datetime(1998, 1, 1, tzinfo=UTC)),
        "90": ninety,
        "30": since(NOON - timedelta(days=30)),
    }
    by_events = {**by_facts, "last": by_facts["none_since"], "not_90": everybody - ninety}
    return {f"fact_{what}": those for what, those in by_facts.items()} | {
        f"event_{what}": those for what, those in by_events.items()
    }


@pytest.fixture(scope="module")
def people(orders: list[Order]) -> dict[str, list[CustomerEvent]]:
    seen: dict[str, list[CustomerEvent]] = defaultdict(list)
    for order in slice_of(orders, 23_570 if EXHAUSTIVE else 2_357):
        seen[order.customer].append(bought(order))
    return seen


@pytest.fixture(scope="module")
def chosen(people: dict[str, list[CustomerEvent]]) -> dict[str, set[str]]:
    return selected(people, {name: condition for name, (condition, _) in CDNOW.items()}, NOON)


@pytest.mark.parametrize("name", CDNOW)
def test_plain_counting_finds_the_known_number_of_cdnows_customers(
    name: str, plain: dict[str, set[str]]
) -> None:
    assert len(plain[name]) == CDNOW[name][1]


@pytest.mark.parametrize("name", CDNOW)
def test_a_segment_selects_those_that_plain_counting_finds(
    name: str,
    plain: dict[str, set[str]],
    people: dict[str, list[CustomerEvent]],
    chosen: dict[str, set[str]],
) -> None:
    assert chosen[name] == plain[name] & people.keys()
    assert chosen[name], "somebody of those seen is in it"


MUG = "85123A"
RETAIL: Mapping[str, dict[str, Any]] = {
    "fact_buyers": {"fact": "orders", "gte": 1},
    "event_buyers": BOUGHT,
    "fact_only_returns": {"all": [{"fact": "orders", "eq": 0}, {"fact": "revenue", "lte": 0}]},
    "event_only_returns": {"all": [{"event": "Order Refunded"}, {"none": [BOUGHT]}]},
    "event_returned": {"event": "Order Refunded"},
    "fact_three": {"fact": "orders", "gte": 3},
    "event_three": {**BOUGHT, "count": {"gte": 3}},
    "fact_thousand": {"fact": "revenue", "gte": 1_000},
    "event_mug": {**BOUGHT, "where": {"line": "products", "where": {"prop": "sku", "eq": MUG}}},
    "event_last_week": {**BOUGHT, "within": "P7D"},
}


def counted(invoices: dict[str, list[dict[str, str]]], now: datetime) -> dict[str, set[str]]:
    """The same by plain counting of lines."""
    orders, returns, week, mug = (defaultdict[str, int](int) for _ in range(4))
    net: dict[str, float] = defaultdict(float)
    for number, lines in invoices.items():
        customer = lines[0]["CustomerID"].removesuffix(".0")
        who = f"or-{customer}" if customer else f"or-anon-{number}"
        returns[who] += number.startswith("C")
        orders[who] += number[0] not in "CA"
        at = retail.invoice(number, lines).at
        week[who] += number[0] not in "CA" and 0 <= (now - at).total_seconds() < 7 * 86_400
        mug[who] += number[0] not in "CA" and any(line["StockCode"] == MUG for line in lines)
        net[who] += sum(float(line["Quantity"]) * float(line["UnitPrice"]) for line in lines)

    def those(numbers: Mapping[str, float], least: float) -> set[str]:
        return {who for who, number in numbers.items() if number >= least}

    only_returns = those(returns, 1) - those(orders, 1)
    return {
        **dict.fromkeys(("fact_buyers", "event_buyers"), those(orders, 1)),
        **dict.fromkeys(("fact_only_returns", "event_only_returns"), only_returns),
        **dict.fromkeys(("fact_three", "event_three"), those(orders, 3)),
        "event_returned": those(returns, 1),
        "fact_thousand": those(net, 1_000),
        "event_mug": those(mug, 1),
        "event_last_week": those(week, 1),
    }


def test_online_retails_customers_by_facts_and_by_events(invoices: dict[str, list[dict[str, str]]]) -> None:
    now = datetime(2010, 12, 24, tzinfo=UTC)
    people: dict[str, list[CustomerEvent]] = defaultdict(list)
    for number, lines in invoices.items():
        customer = lines[0]["CustomerID"].removesuffix(".0")
        people[f"or-{customer}" if customer else f"or-anon-{number}"].append(retail.invoice(number, lines))
    found, expected = selected(people, RETAIL, now), counted(invoices, now)

    assert {name: len(ids) for name, ids in found.items()} == {n: len(ids) for n, ids in expected.items()}
    assert found == expected
    named = {name: sum("anon" not in who for who in ids) for name, ids in found.items()}
    assert (named["fact_buyers"], named["fact_only_returns"]) == (885, 63)
    assert all(found.values()), "each of them selects somebody"
