"""Simulations: the same seed says the same, counts add up, and history is read as it lies."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.tariff import metered
from halte.journeys import simulate_command
from halte.journeys.history import of_history
from halte.journeys.simulation_page import simulated
from halte.journeys.sources import read_source
from services.ingest.adapters.parquet import DuckParquet
from services.journeys.adapters.library_files import shelf
from services.journeys.domain.agenda import Passage
from services.shared.errors import Invalid
from services.simulations.domain.cost import cost_of
from services.simulations.domain.expectation import expected
from services.simulations.domain.picture import counted
from services.simulations.domain.population import Habits, population
from services.simulations.domain.rates import Rates
from services.simulations.domain.simulation import Outcome, Simulation
from tests.support.accessible import Page, faults
from tests.unit.halte.journeys.test_command import run

START, SPAN = datetime(2026, 1, 5, tzinfo=UTC), timedelta(days=45)
SILENT = Rates(0, 0, 0, 0)


def simulate(
    name: str, seed: int = 1, people: int = 40, granted: float = 0.7, rates: Rates | None = None
) -> Outcome:
    source, habits = read_source(name), Habits(("newsletter",), granted)
    beings = list(population(source.raw, habits, START, SPAN, people, seed))
    simulation = Simulation(source, [], START, rates or Rates(), seed)
    return simulation.run(beings, START + SPAN, lambda *_: None)


def text(outcome: Outcome) -> str:
    return json.dumps(outcome.document())


def test_the_same_seed_says_the_same_and_another_something_else() -> None:
    assert text(simulate("abandoned_cart")) == text(simulate("abandoned_cart"))
    assert text(simulate("abandoned_cart")) != text(simulate("abandoned_cart", seed=2))


def test_each_person_is_the_same_however_many_others_there_are() -> None:
    raw, habits = read_source("delivery_manual").raw, Habits(("newsletter",))
    few, many = (list(population(raw, habits, START, SPAN, n, 7)) for n in (10, 20))
    assert many[:10] == few


@pytest.mark.parametrize(
    "name",
    ["abandoned_cart", "complaint_handling", "mortgage_information", "post_purchase", "satisfaction_survey"],
)
def test_who_came_in_left_or_is_under_way_and_each_node_lets_out_no_more_than_came(name: str) -> None:
    source, habits = read_source(name), Habits(("newsletter",))
    beings = list(population(source.raw, habits, START, SPAN, 60, 3))
    simulation = Simulation(source, [], START, Rates(), 3)
    outcome = simulation.run(beings, START + SPAN, lambda *_: None)
    assert outcome.entered > 0
    assert outcome.entered == sum(outcome.exits.values()) + outcome.under_way
    assert outcome.under_way >= 0
    document = source.document()
    journey = simulation._world.journeys[name]
    flows: Counter[str] = Counter({document.start: outcome.entered})
    for passage, times in journey.passed.items():
        flows[passage.source] -= times
        flows[passage.target] += times
    assert sum(times for node, times in flows.items() if node) == outcome.under_way
    assert all(times >= 0 for node, times in flows.items() if node)


def test_of_people_who_permit_nothing_only_service_is_met() -> None:
    outcome = simulate("post_purchase", granted=0, rates=SILENT)
    kinds: Mapping[str, str] = {name: one.kind for name, one in shelf()["post_purchase"].messages.items()}
    assert outcome.sent
    assert {kinds[template] for template, _ in outcome.sent} == {"service"}
    assert {(kinds[template], reason) for template, reason in outcome.skipped} == {
        ("commercial", "no_consent")
    }
    assert not outcome.responses


def test_answers_go_on_in_the_journey() -> None:
    everybody = simulate("satisfaction_survey", people=80, rates=Rates(0, 0, 0, answers=1))
    nobody = simulate("satisfaction_survey", people=80, rates=SILENT)
    assert everybody.responses["Survey Answered"] == sum(
        everybody.sent[k] for k in everybody.sent if "question" in k[0]
    )
    assert everybody.exits["thanked"] + everybody.exits["recommends"] > 0
    assert everybody.exits["no_answer"] == 0 < nobody.exits["no_answer"]


def test_a_reference_entry_costs_what_the_meter_says_and_a_longer_walk_more() -> None:
    short, long = (
        cost_of(1_000_000, 4_000_000, {}, metered()),
        cost_of(1_000_000, 8_000_000, {("x", "email"): 1000, ("x", "sms"): 5}, metered()),
    )
    assert 0 < short.walking <= 3
    assert long.walking == pytest.approx(2 * short.walking)
    assert long.mails == pytest.approx(0.1)
    assert long.unpriced == 5


def test_ways_are_counted_where_they_are_drawn() -> None:
    document = read_source("delivery_manual").document()
    passed = {Passage("day_of_delivery", "send_manual"): 3, Passage("needs_help", "", "managed"): 2}
    found = {(edge.source, edge.path): n for edge, n in counted(document, passed).items()}
    assert found == {("day_of_delivery", "next"): 3, ("needs_help", "otherwise"): 2}


def test_what_a_command_says_and_writes(tmp_path: Path) -> None:
    picture, report = tmp_path / "cart.mmd", tmp_path / "cart.json"
    arguments = ("simulate", "abandoned_cart", "--customers", "20", "--days", "20", "--seed", "5")
    code, shown = run(*arguments, "--mermaid", picture, "--json", report)
    assert code == 0
    said = json.loads(report.read_text())
    assert f"{said['entered']:,} walks of {said['people_who_entered']} people" in shown
    assert f'entry(["does Product Added"]) -->|"{said["entered"]:,}"|' in picture.read_text()
    again = tmp_path / "again.json"
    run(*arguments, "--json", again)
    assert again.read_text() == report.read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere.yaml",), "there is no file"),
        (("year_end",), "segment 'customers'"),
        (("abandoned_cart", "--history", "/nowhere"), "has no"),
    ],
)
def test_what_cannot_be_simulated_is_said(arguments: tuple[str, ...], told: str) -> None:
    code, shown = run("simulate", *arguments)
    assert code == 2
    assert told in " ".join(shown.split())


def test_what_a_journey_refers_to_can_be_defined(tmp_path: Path) -> None:
    defined = tmp_path / "define.json"
    defined.write_text(json.dumps({"segments": {"customers": {"condition": {"fact": "orders", "gte": 1}}}}))
    code, shown = run(
        "simulate",
        "year_end",
        "--define",
        defined,
        "--customers",
        "20",
        "--start",
        "2026-12-01",
        "--days",
        "60",
    )
    assert code == 0
    assert "year_end" in shown


# Stored history

CARTS: list[dict[str, Any]] = [
    {
        "person": "ann",
        "event": "identify",
        "at": "2026-02-01T09:00:00Z",
        "properties": {"email": "ann@example.com"},
    },
    {
        "person": "ann",
        "event": "Product Added",
        "at": "2026-02-01T10:00:00Z",
        "properties": {"cart_id": "c1"},
    },
    {
        "person": "bob",
        "event": "Product Added",
        "at": "2026-02-01T11:00:00Z",
        "properties": {"cart_id": "c2"},
    },
    {
        "person": "bob",
        "event": "Order Completed",
        "at": "2026-02-01T11:30:00Z",
        "properties": {"cart_id": "c2"},
    },
    {"person": "bob", "event": "Email Opened", "at": "2026-02-01T11:40:00Z", "properties": {}},
]


def test_a_table_of_events_is_history(tmp_path: Path) -> None:
    file, report = tmp_path / "events.jsonl", tmp_path / "report.json"
    file.write_text("".join(json.dumps(row) + "\n" for row in CARTS))
    code, _ = run(
        "simulate", "abandoned_cart", "--history", file, "--granted", "1", "--days", "7", "--json", report
    )
    assert code == 0
    said = json.loads(report.read_text())
    assert (said["people"], said["entered"], said["exits"]) == (2, 2, {"goal": 1, "left": 1})
    assert said["sent"] == [["cart_last_reminder", "email", 1], ["cart_reminder", "email", 1]]


def test_the_lakes_own_files_are_history_without_what_was_refused_or_taken_back(tmp_path: Path) -> None:
    lines = [
        line(1, "ann", {"type": "identify", "traits": {"email": "ann@example.com"}}),
        line(2, "ann", {"type": "track", "event": "Product Added", "properties": {"cart_id": "c1"}}),
        line(
            3,
            "ann",
            {"type": "track", "event": "Order Completed", "properties": {"cart_id": "c1"}},
            "duplicate",
        ),
        line(4, "bob", {"type": "page", "name": "Home", "properties": {"url": "/"}}),
        line(5, "bob", {"type": "track", "event": "Product Added"}, rolled_back=True),
    ]
    lake = tmp_path / "lake"
    lake.mkdir()
    DuckParquet(tmp_path).write(lines, lake / "part.parquet")
    found = {being.who: being for being in of_history(lake, Habits(("newsletter",), granted=1), 1)}
    assert [(deed.event, deed.type) for deed in found["ann"].deeds] == [("Product Added", "track")]
    assert found["ann"].traits == {"email": "ann@example.com"}
    assert found["ann"].consents == {"newsletter": {"email": "granted"}}
    assert [(deed.event, deed.type) for deed in found["bob"].deeds] == [("Home", "page")]
    assert found["bob"].consents == {}


def line(
    number: int, who: str, event: dict[str, Any], disposition: str = "applied", **more: Any
) -> dict[str, Any]:
    at = f"2026-02-01T10:0{number}:00.000Z"
    return {
        "receipt": f"r{number}",
        "disposition": disposition,
        "profile_id": who,
        "message_id": f"m{number}",
        "received_at": at,
        "event": {**event, "messageId": f"m{number}", "timestamp": at},
        **more,
    }


def test_history_without_events_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps({"person": "ann", "event": "x"}) + "\n")
    with pytest.raises(Invalid, match="'at' is missing"):
        of_history(file, Habits(()), 1)


def test_the_page_shows_the_journey_and_who_is_where_day_by_day() -> None:
    source, outcome = read_source("abandoned_cart"), simulate("abandoned_cart")
    document = source.document()
    shown = simulated(document, outcome, "<?xml?><svg width='1'><title>G</title><text>1,234</text></svg>")
    assert faults(shown) == []
    assert "1,234" in shown
    assert f"{outcome.entered:,} walks" in shown
    charts = [one.text for one in Page(shown).all("figcaption")]
    assert sum(text.startswith("by ") for text in charts) == len({channel for _, channel in outcome.by_day})
    busiest = max(n for (_, node), n in outcome.standing.items() if node == "an_hour")
    (waiting,) = [text for text in charts if text.startswith("an_hour: ")]
    assert f"at most {busiest:,} " in waiting


def test_people_at_the_end_of_each_day_are_those_who_came_and_have_not_left() -> None:
    outcome = simulate("post_purchase")
    by_day: Counter[date] = Counter()
    for (day, _), walks in outcome.standing.items():
        by_day[day] += walks
    assert by_day[max(by_day)] == outcome.under_way > 0
    assert len(by_day) <= SPAN.days


def test_a_simulation_is_written_as_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def draw(dot: str) -> str:
        drawn.append(dot)
        return "<svg></svg>"

    monkeypatch.setattr(simulate_command, "drawn", draw)
    file = tmp_path / "cart.html"
    code, _ = run("simulate", "abandoned_cart", "--customers", "20", "--days", "20", "--html", file)
    assert code == 0
    assert "What if: " in file.read_text()
    assert drawn[0].startswith('digraph "abandoned_cart"')
    assert " entered" in drawn[0]


# What to expect


@pytest.mark.capability("002-13")
def test_a_draft_on_history_says_what_to_expect_and_how_sure_that_is(tmp_path: Path) -> None:
    """Who is met and how often by which channel, and responses with an interval; the same seed says the same."""
    file, report = tmp_path / "events.jsonl", tmp_path / "report.json"
    history = [
        {**row, "person": f"{row['person']}{n}", "properties": {**row["properties"], **named(n)}}
        for n in range(30)
        for row in CARTS
        if row["person"] == "ann"
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in history))
    arguments = ("simulate", "abandoned_cart", "--history", file, "--granted", "1", "--days", "7")
    code, shown = run(*arguments, "--opens", "0.5", "--unsubscribes", "0", "--runs", "8", "--json", report)
    assert code == 0
    said = json.loads(report.read_text())
    figures = {one["name"]: one for one in said["expected"]}
    audience = figures["people who enter"]
    assert (audience["mean"], audience["low"], audience["high"]) == (30, 30, 30)
    assert (figures["sent by email"]["mean"], said["sent_by_day"][0][1]) == (60, "email")
    opened = figures["does Email Opened"]
    assert 15 < opened["low"] < opened["mean"] < opened["high"] < 45
    assert "To expect, by 8 runs" in shown
    first = report.read_text()
    run(*arguments, "--opens", "0.5", "--unsubscribes", "0", "--runs", "8", "--json", report)
    assert report.read_text() == first


def named(number: int) -> dict[str, str]:
    return {"email": f"ann{number}@example.com", "cart_id": f"c{number}"}


def test_nine_of_ten_runs_lie_between() -> None:
    outcomes = [Outcome(responses=Counter({"Email Opened": n})) for n in range(21)]
    figures = {one.name: one for one in expected(outcomes)}
    opened = figures["does Email Opened"]
    assert (opened.mean, opened.low, opened.high) == (10, 1, 19)
    source, outcome = read_source("abandoned_cart"), simulate("abandoned_cart")
    shown = simulated(source.document(), outcome, "<svg></svg>", list(figures.values()))
    assert faults(shown) == []
    assert "does Email Opened" in shown
