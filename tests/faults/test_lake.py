"""Every fault at the calls of the function that keeps the lake: raw objects into Parquet, and amendments."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import boto3.s3.transfer
import pytest
from boto3.s3.transfer import TransferConfig

from services.ingest.adapters import s3_lake
from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.bootstrap import lake as bootstrap
from services.ingest.handlers import compact
from services.ingest.lake import upkeep
from tests.faults.conftest import Inline
from tests.faults.kinds import FAULTS
from tests.faults.memory import go_back, remember, survived
from tests.faults.road import NOW
from tests.faults.sweeping import BESIDE, SWEPT, can_happen, sweep
from tests.faults.wire import Wire
from tests.integration.ingest.conftest import World
from tests.integration.ingest.importing import BUCKET
from tests.support.thorough import EXHAUSTIVE
from tests.unit.ingest.test_lake import line

ROUNDS = 12
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000)
YESTERDAY, BEFORE = NOW - timedelta(days=1), NOW - timedelta(days=2)
SCHEDULE: Mapping[str, Any] = {"source": "aws.events"}


@dataclass(frozen=True)
class Step:
    """What has come, as objects of a day; and what the function is then asked."""

    name: str
    asked: Mapping[str, Any]
    come: tuple[tuple[Any, tuple[dict[str, Any], ...]], ...] = ()


def of(*numbers: int) -> tuple[dict[str, Any], ...]:
    return tuple(line(f"imp-7-{n}", message_id=f"m-{n}", profile_id=f"prf_{n % 2}") for n in numbers)


STEPS = (
    Step("compact", SCHEDULE, ((BEFORE, of(0, 1)), (YESTERDAY, of(2)))),
    Step("late", SCHEDULE, ((YESTERDAY, of(1, 4)),)),
    Step("forget", {"forget": {"day": str(BEFORE.date()), "profile_ids": ["prf_1"], "mentions": []}}),
    Step("roll back", {"amend": {"roll_back": "imp-7-"}}, ((YESTERDAY, of(6)),)),
)
"""Days become Parquet; lines come late, and again; a person is forgotten, an import marked."""


class Keeper:
    """The schedule, and whoever asks the function."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def walk(self, step: Step) -> None:
        """Ask until it is done; what a reader sees meanwhile is what has come."""
        for day, lines in step.come:
            S3Lake(BUCKET).put(day, [one["receipt"] for one in lines], lines)
        before = self._seen()
        for _ in range(ROUNDS):
            cold()
            answer = survived(self.wire, lambda: compact.handler(dict(step.asked), CONTEXT))
            if step.asked == SCHEDULE and self.wire.struck:
                assert self._seen() == before, "a reader saw something else"
            if answer is not None and not answer.get("left") and not answer.get("busy"):
                return
        raise AssertionError("it never was done")

    def _seen(self) -> set[tuple[str, str, bool]]:
        """What readers make of the lines: a redelivery after midnight stands in the next day too until then."""
        return set(self.state())

    def state(self) -> list[tuple[str, str, bool]]:
        cold()
        lines = bootstrap.lake_keeper().lines()
        return sorted((one["receipt"], one["profile_id"], bool(one.get("rolled_back"))) for one in lines)

    def snapshot(self) -> Any:
        return remember(BUCKET)

    def go_back(self, to: Any) -> None:
        go_back(to, BUCKET)


def cold() -> None:
    """What comes next is done by a process that begins anew."""
    bootstrap.lake_keeper.cache_clear()


@pytest.fixture
def keeper(wire: Wire, world: World, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    """One call after the other, each object a part of its own."""

    def inline(_: int) -> Executor:
        return Inline()

    monkeypatch.setenv("CLOCK_FACTORY", "tests.faults.road:clock")
    monkeypatch.setattr(s3_lake, "ThreadPoolExecutor", inline)
    monkeypatch.setattr(boto3.s3.transfer, "TransferConfig", lambda: TransferConfig(use_threads=False))
    monkeypatch.setattr(upkeep, "SLICE_BYTES", 1)
    return Keeper(wire)


CALLS = {
    ("s3", "DeleteObjects"),
    ("s3", "GetObject"),
    ("s3", "HeadObject"),
    ("s3", "ListObjectsV2"),
    ("s3", "PutObject"),
}
"""What must be struck where it can be."""

LEAST = {
    "crash before": 16,
    "crash after": 20,
    "answer lost": 7,
    "every answer lost": 20,
    "connection lost": 16,
    "throttled twice": 7,
    "throttled": 7,
}
"""How many places are struck, at least."""


@BESIDE
@pytest.mark.parametrize("name", [name for name in SWEPT if any(can_happen(FAULTS[name], *c) for c in CALLS)])
def test_the_lake_is_kept_as_if_nothing_had_happened(keeper: Keeper, name: str) -> None:
    """F5, F6, F8, F9, F10; what fails is asked again (F4)."""
    struck = sweep(keeper, STEPS, FAULTS[name])
    assert struck.total() >= LEAST[name] or not EXHAUSTIVE
    assert struck.keys() == {call for call in CALLS if can_happen(FAULTS[name], *call)}
