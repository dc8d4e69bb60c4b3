"""Related records: the fold of what events say, whatever the order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.shared.contracts.ingest import CustomerEvent
from services.shared.records import Record, contributions, held, records
from tests.unit.ingest.people import event

LINES = [{"product_id": "lamp", "quantity": 2, "price": 5}, {"product_id": "chair", "quantity": 1}]


def folded(*events: CustomerEvent) -> list[Record]:
    return records(one for e in events for one in contributions(e))


def only(*events: CustomerEvent) -> dict[str, Any]:
    [record] = folded(*events)
    return record.shown()


def test_an_order_with_its_lines() -> None:
    order = only(event("Order Completed", order_id="7", revenue=11, products=LINES))
    assert (order["type"], order["id"], order["status"]) == ("order", "7", "completed")
    assert order["fields"] == {"revenue": 11}
    assert order["lines"] == LINES


def test_a_refund_of_some_lines_and_of_all() -> None:
    order = event("Order Completed", 0, order_id="7", revenue=11, products=LINES)
    some = event("Order Refunded", 5, order_id="7", revenue=-5, products=[{"product_id": "chair"}])
    rest = event("Order Refunded", 9, order_id="7", products=[{"product_id": "lamp", "quantity": -2}])

    partly = only(order, some)
    assert (partly["status"], partly["fields"]["revenue"]) == ("partly_refunded", 11)
    assert partly["refunds"] == [{"at": "2026-01-10T12:05:00.000Z", "revenue": -5}]
    assert [p["product_id"] for p in held(folded(order, some))] == ["lamp"]
    assert only(order, some, rest)["status"] == "refunded"
    assert held(folded(order, some, rest)) == []


def test_a_cancelled_order_leaves_nothing_held() -> None:
    order = event("Order Completed", 0, order_id="7", products=LINES)
    assert len(held(folded(order))) == 2
    assert held(folded(order, event("Order Cancelled", 1, order_id="7"))) == []


def test_a_correction_replaces_the_lines_and_what_was_added_before_it() -> None:
    first = event("Order Completed", 0, order_id="7", products=LINES[:1])
    more = event("Order Lines Added", 1, order_id="7", products=LINES[1:])
    again = event("Order Updated", 2, order_id="7", products=LINES[1:])
    assert only(first, more)["lines"] == LINES
    assert only(first, more, again)["lines"] == LINES[1:]


def test_an_invoice_of_a_thousand_lines_arrives_as_several_events() -> None:
    lines = [{"product_id": f"p-{n:04}", "quantity": 1, "description": "x" * 40} for n in range(1_000)]
    parts = [lines[n : n + 250] for n in range(0, 1_000, 250)]
    events = [event("Order Completed", order_id="or-1", message_id="m-0", products=parts[0])]
    events += [
        event("Order Lines Added", order_id="or-1", message_id=f"m-{n}", products=part)
        for n, part in enumerate(parts[1:], 1)
    ]
    assert only(*reversed(events))["lines"] == lines


def test_products_contracts_appointments_groups_and_own_types() -> None:
    told = [
        event("Product Opened", 0, product_id="savings", name="Savings"),
        event("Product Opened", 0, product_id="loan"),
        event("Product Closed", 3, product_id="loan"),
        event("Contract Opened", 1, contract_id="c-1", plan="gold"),
        event("Appointment Booked", 1, appointment_id="a-1", branch="Utrecht"),
        event("Appointment Rescheduled", 2, appointment_id="a-1", branch="Ede"),
        event("group", 1, type="group", groupId="home-1", name="Household"),
        CustomerEvent(
            message_id="v1",
            type="track",
            name="Record Upserted",
            at=event("x").at,
            properties={"type": "vehicle", "id": "AB-12", "brand": "Saab"},
        ),
    ]
    known = {(r.type, r.id): r for r in folded(*told)}
    assert {key: record.status for key, record in known.items()} == {
        ("product", "savings"): "held",
        ("product", "loan"): "closed",
        ("contract", "c-1"): "open",
        ("appointment", "a-1"): "booked",
        ("group", "home-1"): "member",
        ("vehicle", "AB-12"): "current",
    }
    assert known["appointment", "a-1"].fields["branch"] == "Ede"
    assert [p["product_id"] for p in held(known.values())] == ["savings"]


def test_contact_data_of_an_order_stays_with_orders() -> None:
    """003-1: it goes to a record of its own, and not into the order's fields."""
    told = [
        event("Order Completed", 0, order_id="1", email="office@example.com", phone="+31612345678"),
        event("Order Completed", 9, order_id="2", email="home@example.com"),
    ]
    known = {(r.type, r.id): r for r in folded(*told)}
    assert known["order_contact", "current"].fields == {"email": "home@example.com", "phone": "+31612345678"}
    assert known["order", "1"].fields == {}


@pytest.mark.parametrize("bad", [None, "", True, 1.5, ["x"], "x" * 129])
def test_what_has_no_usable_id_is_no_record(bad: object) -> None:
    assert folded(event("Order Completed", order_id=bad, email="a@example.com")) == []


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["Order Completed", "Order Updated", "Order Lines Added", "Order Refunded", "Order Cancelled"]
        ),
        st.integers(0, 5),
        st.sampled_from(["1", "2"]),
        st.lists(st.sampled_from(LINES), max_size=2),
    ),
    max_size=8,
)


@settings(max_examples=80)
@given(_STEPS, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_come_to_the_same(steps: list[Any], random: Any) -> None:
    events = [
        event(name, minute, message_id=f"m-{n}", order_id=order, products=lines, note=n)
        for n, (name, minute, order, lines) in enumerate(steps)
    ]
    again = events + [random.choice(events) for _ in range(3) if events]
    random.shuffle(again)
    assert folded(*again) == folded(*events)
