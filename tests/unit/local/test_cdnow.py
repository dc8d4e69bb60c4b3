"""The real purchase log, and the invented contacts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from local import cdnow
from services.shared.addresses import normalise_email, normalise_phone
from tests.support.real_data import CDNOW_ORDERS, present

HEAD = " customer_id  date number_of_cds  dollar_value\n"
SAMPLE = (
    HEAD
    + " 00001 19970101  1   11.77\n 00002 19970112  1   12.00\n 00002 19970112  1   12.00\n 00003 19970102  2   0.00\n"
)


def test_reads_rows_as_they_are_repeats_and_free_orders_included() -> None:
    orders = cdnow.read_orders(SAMPLE)
    assert [(o.row, o.customer, o.cents) for o in orders] == [
        (1, "00001", 1177),
        (2, "00002", 1200),
        (3, "00002", 1200),
        (4, "00003", 0),
    ]
    assert orders[0].at == datetime(1997, 1, 1, 12, tzinfo=UTC)


def test_a_slice_holds_whole_customers_evenly_spaced() -> None:
    text = HEAD + "".join(f" {i:05d} 19970101 1 1.00\n {i:05d} 19970102 1 1.00\n" for i in range(1, 11))
    orders = cdnow.slice_of(cdnow.read_orders(text), 5)
    assert [o.customer for o in orders][::2] == ["00001", "00003", "00005", "00007", "00009"]
    assert len(orders) == 10


@pytest.mark.parametrize("customers", [0, -1, 4])
def test_a_slice_of_more_customers_than_there_are_is_refused(customers: int) -> None:
    with pytest.raises(ValueError, match="1 to 3"):
        cdnow.slice_of(cdnow.read_orders(SAMPLE), customers)


def test_contacts_are_the_same_every_time_and_nobody_shares_an_address() -> None:
    contacts = [cdnow.contact_of(f"{i:05d}", 7) for i in range(1, 23_571, 97)]
    assert contacts == [cdnow.contact_of(f"{i:05d}", 7) for i in range(1, 23_571, 97)]
    assert len({normalise_email(c.email) for c in contacts}) == len(contacts)
    assert len({normalise_phone(c.phone) for c in contacts}) == len(contacts)
    assert {c.preferred_channel for c in contacts} == {"email", "sms"}
    assert all(c.email.endswith("@example.com") and c.phone[5:8] == "555" for c in contacts)


def test_the_whole_log_has_the_published_figures() -> None:
    orders = cdnow.read_orders(present(CDNOW_ORDERS).read_text())
    assert len(orders) == 69_659
    assert len({o.customer for o in orders}) == 23_570
    assert sum(o.cents for o in orders) == 250_031_563
    first: dict[str, datetime] = {}
    for order in orders:
        first[order.customer] = min(order.at, first.get(order.customer, order.at))
    assert max(first.values()) == datetime(1997, 3, 25, 12, tzinfo=UTC)
