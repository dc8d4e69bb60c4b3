"""Customer value and what to offer, by the API and real handlers."""

from __future__ import annotations

from typing import Any

import pytest

from services.shared.clock import FixedClock
from services.shared.contracts.ingest import CustomerEvent
from tests.integration.scoring.conftest import Stream, ask, call, deliver, message, moment, publish
from tests.unit.scoring.builders import change, event

Published = list[tuple[str, dict[str, Any]]]
MARGINS = {"savings": 12, "mortgage": 450, "insurance": 90}


def bought(at: str, order_id: str, *products: str) -> CustomerEvent:
    lines = [{"product_id": product, "quantity": 1} for product in products]
    return event("Order Completed", at, order_id=order_id, revenue=1, products=lines)


@pytest.mark.capability("003-9")
def test_the_first_order_makes_a_customer_with_a_value_and_each_change_is_told(
    clock: FixedClock, stream: Stream, published: Published
) -> None:
    """F1: every message comes twice."""
    assert call("POST", "/segments/library/lifecycle", {"parameters": {"prefix": "life"}})[0] == 200
    assert call("PUT", "/margin-tables/customer_value", {"margins": MARGINS})[0] == 200
    worthy = {"condition": {"fact": "customer_value", "gte": 400}}
    assert call("PUT", "/segments/worthy", worthy)[0] == 200
    moment(clock, "1997-03-01")
    told = [
        event("Product Viewed", "1997-02-01", product_id="mortgage"),
        bought("1997-02-02", "a", "savings"),
        event("Product Opened", "1997-02-03", product_id="mortgage"),
        event("Product Closed", "1997-02-04", product_id="mortgage"),
    ]
    seen = []
    for version, one in enumerate(told, 1):
        row = message(f"m{version}", change(version, one))
        assert (deliver(row), deliver(row)) == ([], [])
        publish(stream())
        standing = call("GET", "/profiles/prf_1/standing")[1]
        stage = standing["stages"]["life"][""]
        seen.append((stage, standing["facts"].get("customer_value"), list(standing["segments"])))
    assert seen == [
        ("prospect", None, []),
        ("customer", 12, []),
        ("customer", 462, ["worthy"]),
        ("customer", 12, []),
    ]
    stages = [row for kind, detail in published if kind == "StageChanged.v1" for row in detail["moves"]]
    first = next(row for row in stages if row["after"] == "customer")
    assert (first["before"], first["standing"]["facts"]["customer_value"]) == ("prospect", 12)
    changes = [row for kind, detail in published if kind == "ScoreChanged.v1" for row in detail["changes"]]
    values = [row["standing"]["facts"].get("customer_value") for row in changes]
    assert values == [None, 12, 462, 12]
    assert ask("describe", "prf_1")["stores"]["facts"]["customer_value"] == 12


@pytest.mark.capability("003-11")
def test_what_to_offer_follows_margin_times_propensity(clock: FixedClock) -> None:
    """By scores of the moment, one of them learned; what is held is never offered."""
    likes = {
        "target": "takes it",
        "intercept": -4,
        "features": [{"kind": "values", "name": "interest", "weights": {"home": 3}}],
    }
    simulated = {"rules": [{"event": "Simulation Run", "points": 0.2, "cap": 0.8, "expires": "P30D"}]}
    assert call("PUT", "/score-models/likes_mortgage", likes)[0] == 200
    assert call("PUT", "/score-models/simulated", simulated)[0] == 200
    table = {
        "margins": MARGINS,
        "propensities": {
            "mortgage": "likes_mortgage",
            "insurance": "simulated",
            "savings": "simulated",
        },
    }
    assert call("PUT", "/margin-tables/value", table)[0] == 200
    moment(clock, "1997-02-10")
    runs = [event("Simulation Run", day) for day in ("1997-02-01", "1997-02-02")]
    buys = bought("1997-02-03", "a", "savings")
    people = [
        change(1, *runs, buys, profile_id="prf_home", interest="home"),
        change(1, *runs, profile_id="prf_other", interest="cars"),
    ]
    assert deliver(message("a", *people)) == []

    def offers(who: str) -> dict[str, float]:
        status, found = call("GET", f"/profiles/{who}/offers?margins=value")
        assert status == 200, found
        return {row["product"]: round(row["expected"], 2) for row in found["offers"]}

    assert list(offers("prf_home").items()) == [("mortgage", 121.02), ("insurance", 36)]
    assert list(offers("prf_other").items()) == [("insurance", 36), ("mortgage", 8.09), ("savings", 4.8)]
    moment(clock, "1997-03-06")
    assert list(offers("prf_other").items()) == [("mortgage", 8.09), ("insurance", 0), ("savings", 0)]
    assert call("GET", "/profiles/prf_home/offers?margins=other")[0] == 404
    assert call("GET", "/profiles/prf_nobody/offers?margins=value")[0] == 404
