"""A real month of a shop that takes goods back (UCI Online Retail, December 2010), folded: the sums are known."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.scoring.domain.facts import Tally, fold
from services.shared.contracts.ingest import CustomerEvent
from tests.support.real_data import ONLINE_RETAIL, present

NAMES = {"C": "Order Refunded", "A": "Account Adjusted"}


@pytest.fixture(scope="module")
def invoices() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    with present(ONLINE_RETAIL).open(newline="") as lines:
        for line in csv.DictReader(lines):
            found.setdefault(line["InvoiceNo"], []).append(line)
    return found


@pytest.fixture(scope="module")
def tallies(invoices: dict[str, list[dict[str, str]]]) -> dict[str, Tally]:
    return folded(invoices.items())


def folded(invoices: Iterable[tuple[str, list[dict[str, str]]]]) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {}
    for number, lines in invoices:
        customer = lines[0]["CustomerID"].removesuffix(".0")
        who = f"or-{customer}" if customer else f"or-anon-{number}"
        tallies[who] = fold(tallies.get(who, Tally()), invoice(number, lines), frozenset())
    return tallies


def invoice(number: str, lines: list[dict[str, str]]) -> CustomerEvent:
    """One event an invoice; a return names no order of its own but its own number."""
    products: list[dict[str, Any]] = [
        {"sku": line["StockCode"], "quantity": float(line["Quantity"]), "price": float(line["UnitPrice"])}
        for line in lines
    ]
    worth = sum(Decimal(line["Quantity"]) * Decimal(line["UnitPrice"]) for line in lines)
    at = datetime.fromisoformat(lines[0]["InvoiceDate"]).replace(tzinfo=ZoneInfo("Europe/London"))
    return CustomerEvent(
        message_id=f"online-retail-{number}",
        type="track",
        name=NAMES.get(number[0], "Order Completed"),
        at=at,
        properties={"order_id": number, "products": products, "revenue": float(worth), "currency": "GBP"},
    )


@pytest.mark.capability("000-4")
def test_what_came_back_is_taken_off(tallies: dict[str, Tally]) -> None:
    facts = {who: tally.facts() for who, tally in tallies.items()}

    assert sum(tally.revenue_cents for tally in tallies.values()) == 74_895_702
    assert sum(f["orders"] for f in facts.values()) == 2_025 - 326
    assert sum(t.revenue_cents for who, t in tallies.items() if "anon" not in who) == 55_460_402


def test_customers_are_people_and_invoices_of_nobody_are_not_one_person(tallies: dict[str, Tally]) -> None:
    anonymous = [who for who in tallies if who.startswith("or-anon-")]

    assert len(tallies) - len(anonymous) == 948
    assert len(anonymous) == 317
    assert max(tallies[who].facts()["orders"] for who in anonymous) == 1


def test_somebody_who_only_brought_things_back_ordered_nothing(tallies: dict[str, Tally]) -> None:
    returning = [t.facts() for w, t in tallies.items() if "anon" not in w and t.facts()["orders"] == 0]

    assert len(returning) == 63
    assert all("last_order_at" not in facts and facts["revenue"] <= 0 for facts in returning)


def test_the_order_of_arrival_makes_no_difference(
    invoices: dict[str, list[dict[str, str]]], tallies: dict[str, Tally]
) -> None:
    shuffled = list(invoices.items())
    random.Random(7).shuffle(shuffled)

    assert {who: t.facts() for who, t in folded(shuffled).items()} == {
        w: t.facts() for w, t in tallies.items()
    }


def test_an_account_that_is_adjusted_loses_the_amount() -> None:
    line = {"InvoiceNo": "A563186", "StockCode": "B", "Quantity": "1.0", "UnitPrice": "-11062.06"}
    adjusted = invoice("A563186", [line | {"InvoiceDate": "2011-08-12 14:51:00", "CustomerID": ""}])

    assert fold(Tally(), adjusted, frozenset()).facts()["revenue"] == -11_062.06
