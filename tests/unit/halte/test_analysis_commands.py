"""The analyses at the command line: what they say of a file, and how they refuse."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from halte import __main__ as command
from services.scoring.domain.analysis.response import ResponseModel
from services.scoring.domain.definitions import kind_of
from services.scoring.domain.definitions.needs import Needs
from tests.unit.scoring.analysis.planted import EVENT, GOAL, NOISE, trails

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


def run(*arguments: str | Path) -> tuple[int, str]:
    shown = io.StringIO()
    code = command.main([str(one) for one in arguments], Console(file=shown, width=200))
    return code, shown.getvalue()


def table(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def write(file: Path, rows: list[dict[str, Any]]) -> Path:
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [
        {"person": trail.person, "event": name, "at": at.isoformat()}
        for trail in trails(1_500, seed=2)
        for at, name in trail.events
    ]
    return write(tmp_path_factory.mktemp("events") / "events.csv", rows)


@pytest.mark.capability("004-3")
def test_threshold_suggests_the_planted_cut_off(events: Path) -> None:
    code, shown = run("threshold", "--file", events, "--goal", GOAL, "--event", EVENT, "--days", "30")

    assert code == 0
    assert "Suggested: 3 times or more." in shown


def test_threshold_of_noise_suggests_none(events: Path, tmp_path: Path) -> None:
    packed = tmp_path / "events.csv.gz"
    packed.write_bytes(gzip.compress(events.read_bytes()))

    code, shown = run("threshold", "--file", packed, "--goal", GOAL, "--event", NOISE[0])

    assert (code, "No cut-off" in shown) == (0, True)


@pytest.mark.capability("004-4")
def test_relevance_puts_the_planted_event_first(events: Path) -> None:
    code, shown = run("relevance", "--file", events, "--goal", GOAL)

    rows = [line.split() for line in shown.splitlines() if line.lstrip().startswith((EVENT, "Noise"))]
    assert code == 0
    assert " ".join(rows[0][:2]) == EVENT
    assert len(rows) == 1 + len(NOISE)
    assert all(row[-1] == "chance?" for row in rows[1:])


def test_a_response_model_is_trained_and_people_are_ranked(tmp_path: Path) -> None:
    rng = random.Random(1)
    people = [
        {"id": f"p{n}", "earlier": rng.choice(["yes", "no"]), "duration": n % 7, "pages": n % 5}
        for n in range(900)
    ]
    rows = [
        {**one, "y": "yes" if rng.random() < (0.6 if one["earlier"] == "yes" else 0.1) else "no"}
        for one in people
    ]
    calls, out, model = write(tmp_path / "c.csv", rows), tmp_path / "r.csv", tmp_path / "m.json"

    trained = run(
        *("train-response", "--file", calls, "--target", "y=yes", "--rule", "earlier=yes", "--out", model),
        *("--known-after", "pages=counted after the answer"),
    )
    ranking = run("rank-response", "--model", model, "--file", calls, "--out", out)

    assert (trained[0], ranking[0]) == (0, 0)
    assert "left out: duration, how long a call lasted" in trained[1]
    assert "left out: pages, counted after the answer" in trained[1]
    document = json.loads(model.read_text())
    assert [one["name"] for one in document["features"]] == ["earlier"]
    said = ResponseModel.read("response", document)
    assert kind_of("score-model").parse("response", document).document() == document, "may be put as it is"
    ranked = table(out)
    assert len(ranked) == 900
    assert {one["model"] for one in ranked} == {said.version}
    half = sum(one["earlier"] == "yes" for one in people)
    assert {one["id"] for one in ranked[:half]} == {one["id"] for one in people if one["earlier"] == "yes"}
    assert ranked[0]["because"].startswith("earlier yes +")


def shop(tmp_path: Path) -> Path:
    """All buy every forty days on average; after an order few of the loyal and half of the others never return."""
    rng = random.Random(3)
    rows = []
    for n in range(600):
        day = float(rng.randint(0, 100))
        while day < 400:
            rows.append((f"p{n}", "Order Completed", START + day * DAY, 20 + n % 30))
            if rng.random() < (0.05 if n % 2 else 0.5):
                break
            day += rng.expovariate(1 / 40)
        if n % 10 == 0:
            rows.append((f"visitor{n}", "Page Viewed", START, 0))
    names = ("customer_id", "event", "timestamp", "revenue")
    return write(tmp_path / "orders.csv", [dict(zip(names, row, strict=True)) for row in rows])


def test_the_inactive_are_ranked_and_checked(tmp_path: Path) -> None:
    out, model = tmp_path / "worth.csv", tmp_path / "model.json"

    code, shown = run(
        *(
            "reactivation",
            "--file",
            shop(tmp_path),
            "--at",
            "2026-10-20",
            "--period",
            "100",
            "--inactive",
            "30",
        ),
        *("--margin", "0.5", "--out", out, "--model", model),
    )

    assert code == 0, shown
    assert "did return" in shown
    worth = table(out)
    values = [float(one["value"]) for one in worth]
    assert values == sorted(values, reverse=True)
    assert all(float(one["days"]) >= 30 for one in worth)
    document = json.loads(model.read_text())
    assert (document["horizon_days"], document["margin"]) == (100, 0.5)
    assert kind_of("score-model").parse("reactivation", document).document() == document, (
        "may be put as it is"
    )
    assert kind_of("score-model").parse("reactivation", document).needs == Needs(), "its features are facts"


@pytest.mark.capability("000-16")
def test_the_report_of_inactives_adds_up(tmp_path: Path) -> None:
    code, shown = run("inactives", "--file", shop(tmp_path), "--at", "2026-10-20", "--period", "60")

    rows = [line.split() for line in shown.splitlines() if line.lstrip().startswith(("2026-", "all"))]
    assert code == 0
    assert sum(int(row[1]) for row in rows[:-1]) == int(rows[-1][1]) == 660
    assert sum(int(row[2]) for row in rows[:-1]) == int(rows[-1][2])


PEOPLE = [
    {
        "person": "ann",
        "features": {"likes": "savings"},
        "hours": {"20": 9},
        "channels": [{"name": "sms", "permitted": True, "reachable": True}],
    },
    {"person": "bob", "features": {"likes": "travel"}, "channels": []},
]
PROPOSITIONS = [
    {
        "name": name,
        "margin": margin,
        "tones": ["warm"],
        "model": {
            "target": "t",
            "intercept": -1,
            "features": [{"kind": "values", "name": "likes", "weights": {like: 2.0}}],
        },
    }
    for name, margin, like in (("invest", 500, "savings"), ("insure", 400, "travel"))
]


@pytest.mark.capability("002-7")
def test_next_best_says_for_each_person_what_when_how_where_and_why(tmp_path: Path) -> None:
    people, propositions, out = tmp_path / "p.ndjson", tmp_path / "p.json", tmp_path / "a.csv"
    people.write_text("\n".join(json.dumps(one) for one in PEOPLE))
    propositions.write_text(json.dumps(PROPOSITIONS))
    given = ("next-best", "--propositions", propositions, "--people", people, "--out", out)

    assert run(*given)[0] == 0
    first, second = table(out)
    assert run(*given, "--only", "invest", "--cost", "100")[0] == 0
    (only,) = table(out)

    assert (first["person"], first["proposition"], first["hour"], first["tone"], first["channel"]) == (
        *("ann", "invest", "20"),
        *("warm", "sms"),
    )
    assert (second["person"], second["proposition"], second["channel"]) == ("bob", "insure", "")
    assert len(json.loads(first["reasons"])) == 4
    assert only == first


def test_what_cannot_be_done_is_said_in_a_line(tmp_path: Path, events: Path) -> None:
    nothing, people, propositions = tmp_path / "none.csv", tmp_path / "p.ndjson", tmp_path / "p.json"
    people.write_text('{"person": "ann", "hours": {"24": 1}}')
    propositions.write_text("[]")
    wrong: list[tuple[tuple[str | Path, ...], str]] = [
        (("threshold", "--file", nothing, "--goal", "a", "--event", "b"), "wrong_file"),
        (("train-response", "--file", events, "--target", "y=1"), "unknown_column"),
        (
            ("train-response", "--file", events, "--target", "at=1", "--features", "duration"),
            "unknown_column",
        ),
        (("reactivation", "--file", events, "--at", "2026-02-01", "--out", nothing), "too_few_answers"),
        (("rank-response", "--file", events, "--model", nothing, "--out", nothing), "wrong_model"),
        (
            ("next-best", "--propositions", nothing, "--people", people, "--out", nothing),
            "wrong_propositions",
        ),
        (("next-best", "--propositions", propositions, "--people", people, "--out", nothing), "hours.24"),
    ]
    for arguments, code in wrong:
        done, shown = run(*arguments)
        assert (done, code in shown, "Traceback" in shown) == (2, True, False), shown


@pytest.mark.parametrize(
    "name",
    ["threshold", "relevance", "train-response", "rank-response", "inactives", "reactivation", "next-best"],
)
def test_help_has_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        command.main([name, "--help"])

    assert done.value.code == 0
    assert f"python -m halte {name}" in capsys.readouterr().out


def test_loyal_customers_are_held_against_new_ones(tmp_path: Path) -> None:
    code, shown = run(
        "loyal", "--file", shop(tmp_path), "--at", "2026-10-20", "--period", "60", "--from", "2"
    )

    assert code == 0, shown
    rows = {
        line.split()[0]: line.split()
        for line in shown.splitlines()
        if line.lstrip().startswith(("loyal", "new"))
    }
    assert int(rows["loyal"][1]) > 0
    assert int(rows["new"][1]) > 0
    assert "the difference in churn is more than chance" in shown


@pytest.mark.capability("001-24")
def test_what_service_is_worth_by_month(tmp_path: Path) -> None:
    file = tmp_path / "served.csv"
    file.write_text(
        "person,event,at,score\n"
        "ann,Survey Answered,2026-03-01,10\nbob,Survey Answered,2026-03-02,3\ncas,Survey Answered,2026-03-02,11\n"
        "ann,Question Answered,2026-03-03,\nbob,Question Answered,2026-03-03,\nbob,Call Received,2026-03-05,\n"
    )
    given = ("kpis", "--file", file, "--contact", "Call Received", "--self-service", "Question Answered")
    code, shown = run(*given, "--minutes", "30", "--cost-per-contact", "6.5")

    assert code == 0, shown
    (row,) = [line.split() for line in shown.splitlines() if "2026-03" in line]
    assert row[:3] == ["2026-03", "2", "+0"]
    assert row[-5:] == ["1", "2", "1", "0.5", "6.50"]
    assert "1 contacts avoided, 50.0% of all that would have been" in shown
