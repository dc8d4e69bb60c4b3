"""A real month of a shop (UCI Online Retail, December 2010), through the front door and the consumer: what was bought
by nobody known is nobody's, and an invoice may be far larger than a message."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.ingest.domain.validate import MAX_EVENT_BYTES
from services.shared.aws.dynamo import Table
from services.shared.clock import to_iso
from tests.integration.ingest.conftest import World
from tests.integration.ingest.test_rebuild import settle
from tests.support.real_data import ONLINE_RETAIL, present

LINES_A_MESSAGE = 250
BATCH = 100
NAMES = {"C": "Order Refunded", "A": "Account Adjusted"}

Invoices = dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def nobodys() -> Invoices:
    """Every line without a customer, by invoice."""
    found: Invoices = {}
    with present(ONLINE_RETAIL).open(newline="") as lines:
        for line in csv.DictReader(lines):
            if not line["CustomerID"]:
                found.setdefault(line["InvoiceNo"], []).append(line)
    return found


def products(lines: list[dict[str, str]]) -> list[dict[str, Any]]:
    return [
        {"sku": one["StockCode"], "quantity": float(one["Quantity"]), "price": float(one["UnitPrice"])}
        for one in lines
    ]


def calls(number: str, lines: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    """An invoice as events: of a large one the further lines follow."""
    at = datetime.fromisoformat(lines[0]["InvoiceDate"]).replace(tzinfo=ZoneInfo("Europe/London"))
    for part, start in enumerate(range(0, len(lines), LINES_A_MESSAGE)):
        yield {
            "type": "track",
            "event": "Order Lines Added" if part else NAMES.get(number[0], "Order Completed"),
            "anonymousId": f"or-anon-{number}",
            "messageId": f"online-retail-{number}-{part}",
            "timestamp": to_iso(at),
            "properties": {"order_id": number, "products": products(lines[start : start + LINES_A_MESSAGE])},
        }


def test_what_nobody_known_bought_is_not_one_persons(world: World, nobodys: Invoices) -> None:
    assert sum(len(lines) for lines in nobodys.values()) == 15_631
    events = [event for number, lines in nobodys.items() for event in calls(number, lines)]
    settle(world, [events[start : start + BATCH] for start in range(0, len(events), BATCH)])
    found = list(Table("Profiles").scan())
    assert len(found) == len(nobodys) == 317
    assert {len(one["ids"]) for one in found} == {1}
    assert sum(one["counts"]["track"] for one in found) == len(events)


def test_an_invoice_of_over_a_thousand_lines_is_refused_whole_and_kept_in_parts(
    world: World, nobodys: Invoices
) -> None:
    """This month's largest has 675 lines, other months' more; here they are two invoices' under one number."""
    largest = sorted(nobodys.values(), key=len)[-2:]
    number, lines = "both", [line for invoice in largest for line in invoice]
    assert len(lines) == 652 + 675
    first, *_ = parts = list(calls(number, lines))
    whole = {**first, "properties": {"order_id": number, "products": products(lines)}}
    assert len(json.dumps(whole)) > MAX_EVENT_BYTES
    assert world.post("/v1/track", whole)[1]["code"] == "too_large"
    settle(world, [parts])
    who = f"anonymousId:or-anon-{number}"
    [order] = world.admin("GET", f"/profiles/{who}/records/order")[1]["records"]
    assert order["lines"] == products(lines)
