"""Schedules by the virtual clock."""

from __future__ import annotations

import io
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.schedules import Player, Scheduled, UnknownSchedule, every, take_over
from local.virtual_clock import VirtualClock, set_clock

START = datetime(1997, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "period"),
    [
        ("rate(1 minute)", timedelta(minutes=1)),
        ("rate(5 minutes)", timedelta(minutes=5)),
        ("rate(2 hours)", timedelta(hours=2)),
        ("rate(1 day)", timedelta(days=1)),
    ],
)
def test_reads_rates(expression: str, period: timedelta) -> None:
    assert every(expression) == period


def test_refuses_what_it_can_not_play() -> None:
    with pytest.raises(UnknownSchedule, match="cron"):
        every("cron(0 12 * * ? *)")


class FakeEvents:
    def __init__(self) -> None:
        self.disabled: list[str] = []

    def list_rules(self) -> dict[str, Any]:
        return {"Rules": [{"Name": "sweep", "ScheduleExpression": "rate(1 minute)"}, {"Name": "facts"}]}

    def list_targets_by_rule(self, Rule: str) -> dict[str, Any]:
        return {"Targets": [{"Arn": "arn:aws:lambda:us-east-1:0:function:halte-local-scoring-Sweep"}]}

    def disable_rule(self, Name: str) -> None:
        self.disabled.append(Name)


def test_takes_over_schedules_and_leaves_other_rules_alone() -> None:
    events = FakeEvents()
    (scheduled,) = take_over(events)
    assert events.disabled == ["sweep"]
    assert (scheduled.every, scheduled.rule) == (timedelta(minutes=1), "sweep")


class FakeLambda:
    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        self.calls.append((FunctionName, json.loads(Payload)))
        return {"Payload": io.BytesIO(b"{}")}


def test_plays_at_the_virtual_rate_but_delivery_and_the_lake_only_at_rest(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    set_clock(file, START, 1.0, None)
    lambda_ = FakeLambda()
    scoring = Scheduled("a", timedelta(minutes=1), "halte-local-scoring-Sweep")
    delivery = Scheduled("b", timedelta(minutes=1), "halte-local-delivery-Sweep")
    lake = Scheduled("c", timedelta(minutes=1), "halte-local-ingest-Compact1A2B")
    player = Player([scoring, delivery, lake], VirtualClock(file), lambda_)
    player.start()
    threading.Event().wait(1.1)
    assert not lambda_.calls, "no virtual minute has passed"
    set_clock(file, START + timedelta(minutes=2), 1.0, None)
    threading.Event().wait(1.1)
    assert [name for name, _ in lambda_.calls] == ["halte-local-scoring-Sweep"]
    assert lambda_.calls[0][1]["time"] == "1997-01-01T00:02:00+00:00"
    player.play_once()
    player.stop()
    assert {name for name, _ in lambda_.calls[1:]} == {
        "halte-local-scoring-Sweep",
        "halte-local-delivery-Sweep",
        "halte-local-ingest-Compact1A2B",
    }
    assert (player.calls, player.failures) == (4, [])
