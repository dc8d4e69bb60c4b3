"""The lines of reports in the lake give the numbers that the counters have, whatever happens on the way."""

from __future__ import annotations

import argparse
import csv
import gzip
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
from rich.console import Console

from halte.analysis import report_command
from services.delivery.adapters.dynamo_counters import DynamoCounters
from services.delivery.adapters.s3_outcomes import S3Outcomes
from services.delivery.bootstrap.lake import keeping
from services.delivery.domain.reports.rows import Row
from services.delivery.handlers import compact, on_messages_stream
from services.delivery.ports.reports import DayMoved
from services.shared.aws.dynamo import Table
from tests.integration.delivery.steps import ask, call, request
from tests.integration.delivery.test_feedback import note
from tests.integration.delivery.test_reports import FIELDS, ended, exit_of, shop
from tests.integration.delivery.world import CLOCK, NOW, Context, World, ses_event

__all__ = ["shop"]
DAYS = [NOW.date() + timedelta(days=n) for n in range(3)]


def keys() -> list[str]:
    found = boto3.client("s3").list_objects_v2(Bucket="lake").get("Contents", [])
    return [one["Key"].partition("/")[0] for one in found]


def by_key(rows: Any) -> dict[Any, dict[str, int]]:
    return {row.key: dict(row.numbers) for row in rows}


def same(in_lake: list[Row], counted: Any) -> bool:
    return by_key(in_lake) == by_key(counted)


def happen(shop: World) -> dict[str, Any]:
    """Three days of messages and feedback, as the stream tells of them."""
    for number in range(3):
        note(ses_event("Delivery", f"snd_{number}"))
    note(ses_event("Open", "snd_1", 60 * 20))
    note(ses_event("Open", "snd_1", 5))
    ended(exit_of(worth=4999, currency="EUR"))
    CLOCK.advance(timedelta(days=1))
    ask(request("snd_9", template="confirm", requested_at=CLOCK.now(), **FIELDS))
    note(ses_event("Bounce", "snd_3", 60 * 30, bounceType="Permanent"))
    return shop.stream()


@pytest.mark.capability("000-35")
def test_the_lake_and_the_counters_say_the_same(shop: World) -> None:
    """F1, F8: the stream is told in three cuts; some days are Parquet by now, some are not. Every send in the ledger
    has an outcome or is pending, and each line of it stands as it was written."""
    records = happen(shop)["Records"]
    for size in (7, len(records), 4):
        for first in range(0, len(records), size):
            on_messages_stream.handler({"Records": records[first : first + size]}, Context())
    counters, lake = DynamoCounters(Table("reports")), keeping()

    assert same(lake.rows(DAYS), counters.days(DAYS))
    assert same(lake.rows(DAYS, mailboxes=True), counters.days(DAYS, mailboxes=True))
    assert set(keys()) == {"outcomes"}

    compact.handler({}, Context())
    assert set(keys()) == {"outcome-lake", "outcomes"}  # the second day is not over
    assert same(lake.rows(DAYS), counters.days(DAYS))
    for first in range(0, len(records), 5):  # and again: late lines of a day that is Parquet already
        on_messages_stream.handler({"Records": records[first : first + 5]}, Context())
    assert same(lake.rows(DAYS), counters.days(DAYS))
    CLOCK.advance(timedelta(days=5))
    for _ in range(2):
        compact.handler({}, Context())
        assert keys() == ["outcome-lake"] * 2
        assert same(lake.rows(DAYS), counters.days(DAYS))

    numbers: dict[str, int] = {}
    for row in lake.rows(DAYS):
        for name, amount in row.numbers.items():
            numbers[name] = numbers.get(name, 0) + amount
    assert numbers["requested"] == numbers["sent"] + numbers["skipped"] == 6


def test_a_crash_while_a_day_is_worked_up_loses_and_doubles_nothing(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_messages_stream.handler(happen(shop), Context())
    counters, lake = DynamoCounters(Table("reports")), keeping()
    CLOCK.advance(timedelta(days=5))

    def crash(self: Any, keys: Any) -> None:
        raise OSError("no")

    with monkeypatch.context() as patched:
        patched.setattr(S3Outcomes, "remove", crash)
        with pytest.raises(OSError, match="no"):
            compact.handler({}, Context())
    assert set(keys()) == {"outcome-lake", "outcomes"}
    assert same(lake.rows(DAYS), counters.days(DAYS))
    compact.handler({}, Context())
    assert same(lake.rows(DAYS), counters.days(DAYS))


def test_who_reads_while_a_day_is_worked_up_reads_again(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    on_messages_stream.handler(happen(shop), Context())
    lake, fetch, tries = keeping(), S3Outcomes.fetch, [1, 1]

    def gone_at_first(self: S3Outcomes, keys: Any, folder: Path) -> list[Path]:
        if tries:
            tries.pop()
            raise DayMoved("outcomes/x")
        return fetch(self, keys, folder)

    monkeypatch.setattr(S3Outcomes, "fetch", gone_at_first)
    assert same(lake.rows(DAYS), DynamoCounters(Table("reports")).days(DAYS))


def told(*arguments: Any) -> str:
    """What the command says of this lake."""
    parser = argparse.ArgumentParser()
    report_command.add(parser.add_subparsers())
    options = parser.parse_args(["report", *map(str, arguments), "--stage", "test"])
    console = Console(record=True, width=250, file=io.StringIO())
    assert report_command.tell(keeping(), options, console) == 0
    return console.export_text()


def test_reports_of_the_lake_are_those_of_the_counters(shop: World, tmp_path: Path) -> None:
    """On the screen, as CSV without a formula, and as Parquet with numbers."""
    on_messages_stream.handler(happen(shop), Context())
    days = {"from": "2026-03-01", "to": "2026-03-03"}
    counted = call("GET", "/reports/nodes", query=days)[1]["rows"]
    text = call("GET", "/reports/nodes", query={**days, "format": "csv"})[1]

    out = tmp_path / "nodes.csv"
    told("nodes", "--out", out)
    assert list(csv.reader(io.StringIO(out.read_text()))) == list(csv.reader(io.StringIO(text)))
    made = tmp_path / "nodes.parquet"
    told("nodes", "--only", "journey=welcome", "--out", made)
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT node, sent, delivered_rate, revenue_USD FROM '{made}' ORDER BY node"
        ).fetchall()
    expected = [
        (row["node"], row["sent"], (row["rates"]["delivered"] or {}).get("rate"), 0.0) for row in counted
    ]
    assert found == expected
    assert "+n4" in told("nodes", "--from", "2026-03-01", "--to", "2026-03-01")
    assert "email" in told("channels", "--only", "channel=email")


def test_no_line_of_the_lake_names_a_person(shop: World, tmp_path: Path) -> None:
    """What an erasure leaves leads to nobody: neither profile nor address stands in it."""
    on_messages_stream.handler(happen(shop), Context())
    store = S3Outcomes("lake")
    for keys_of_day in store.raw().values():
        for path in store.fetch(keys_of_day, tmp_path):
            text = gzip.decompress(path.read_bytes()).decode()
            assert "snd_" in text
            assert "prf_" not in text
            assert "@" not in text
