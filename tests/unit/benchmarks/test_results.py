"""Results, budgets, and the traffic they are measured on."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.cold_import import handlers
from benchmarks.prices import Prices
from benchmarks.results import Result, rounded, save
from benchmarks.traffic import Traffic

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "budget", "ok", "fails"),
    [(0.9, 1.0, True, False), (1.05, 1.0, False, False), (1.2, 1.0, False, True), (5.0, None, True, False)],
)
def test_a_budget_fails_the_run_beyond_a_tenth(
    value: float, budget: float | None, ok: bool, fails: bool
) -> None:
    result = Result("x", value, "USD", {}, budget)

    assert (result.ok, result.fails) == (ok, fails)


@pytest.mark.parametrize(
    ("value", "ok", "fails"), [(60.0, True, False), (47.0, False, False), (45.0, False, True)]
)
def test_a_budget_is_the_least_where_more_is_better(value: float, ok: bool, fails: bool) -> None:
    result = Result("x", value, "events a second", {}, 50.0, more_is_better=True)

    assert (result.ok, result.fails) == (ok, fails)


def test_results_say_what_they_are_held_against() -> None:
    given = Result("x", 2.0, "USD", {"other design": 8.0, "floor": 0.1}, 3.0).as_json()

    assert given == {
        "name": "x",
        "value": 2.0,
        "unit": "USD",
        "against": {"other design": 8.0, "floor": 0.1},
        "ratio": 0.25,
        "budget": 3.0,
        "ok": True,
    }


def test_saving_some_results_keeps_the_others(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    save([Result("b", 1, "ms"), Result("a", 1, "ms")], file)
    save([Result("b", 2, "ms")], file)

    assert [(one["name"], one["value"]) for one in json.loads(file.read_text())] == [("a", 1.0), ("b", 2.0)]


@pytest.mark.parametrize(("value", "shown"), [(0.95252, 0.953), (1234.5, 1230.0), (0, 0)])
def test_three_digits(value: float, shown: float) -> None:
    assert rounded(value) == shown


def test_every_price_is_dated_and_positive() -> None:
    prices = Prices.load()

    assert datetime.fromisoformat(prices.as_of)
    assert all(price > 0 for price in prices.usd_per_million.values())
    assert prices.usd("dynamodb.write", 2_000_000) == pytest.approx(1.25)


def test_traffic_is_the_same_for_the_same_seed() -> None:
    def drawn(seed: int) -> list[object]:
        return list(Traffic(seed, 50).requests(5, profiles=5, events=20, at=AT))

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_no_two_requests_of_a_second_have_a_person_in_common() -> None:
    requests = list(Traffic(1, 50).requests(10, profiles=5, events=20, at=AT))

    people = [user for request in requests for user in {event["userId"] for event in request}]
    assert len(people) == len(set(people)) == 50


def test_a_request_is_shared_equally_by_its_people() -> None:
    [request] = Traffic(1, 50).requests(1, profiles=5, events=20, at=AT)

    assert sorted(Counter(event["userId"] for event in request).values()) == [4] * 5
    assert len({event["messageId"] for event in request}) == 20
    assert max(len(json.dumps(event)) for event in request) < 2000


def test_every_handler_of_the_tree_is_measured() -> None:
    found = {module for _, module in handlers()}

    assert "services.access.handlers.authorizer" in found
    assert all(module.count(".handlers.") == 1 for module in found)
