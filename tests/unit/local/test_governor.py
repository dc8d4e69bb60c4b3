"""Time slows down when work piles up, and never goes back."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.governor import CLEAR, CRAWLING, CROWDED, LOST_SECONDS, SLOWED, SWAMPED, Governor
from local.virtual_clock import VirtualClock, set_clock

START = datetime(1997, 1, 1, tzinfo=UTC)
SPEED = 1_000.0


@pytest.fixture
def clock_file(tmp_path: Path) -> Path:
    path = tmp_path / "clock.json"
    set_clock(path, START, SPEED, None)
    return path


def test_slows_down_when_crowded_and_recovers_when_clear(clock_file: Path) -> None:
    clock = VirtualClock(clock_file)
    governor = Governor(clock_file, clock, SPEED, list)
    speeds = []
    for step, load in enumerate((0, CROWDED - 1, CROWDED, CLEAR + 1, CLEAR, CROWDED - 1)):
        governor.adjust([f"{step} {i}" for i in range(load)], float(step))
        speeds.append(clock.speed)
    assert speeds == [SPEED, SPEED, SPEED * SLOWED, SPEED * SLOWED, SPEED, SPEED]


def test_slows_down_for_one_piece_of_work_that_is_late(clock_file: Path) -> None:
    clock = VirtualClock(clock_file)
    governor = Governor(clock_file, clock, SPEED, list)
    speeds = []
    for now, load in (
        (0.0, ["a"]),
        (0.4, ["a", "b"]),
        (0.6, ["a", "b"]),
        (0.7, ["b"]),
        (1.0, ["b"]),
        (1.1, []),
    ):
        governor.adjust(load, now)
        speeds.append(clock.speed)
    assert speeds == [SPEED, SPEED, SPEED * SLOWED, SPEED, SPEED * SLOWED, SPEED]


def test_crawls_when_swamped_or_when_work_seems_lost(clock_file: Path) -> None:
    clock = VirtualClock(clock_file)
    governor = Governor(clock_file, clock, SPEED, list)
    speeds = []
    for step, load in enumerate((SWAMPED, SWAMPED - 1, CLEAR + 1, CLEAR)):
        governor.adjust([f"{step} {i}" for i in range(load)], float(step))
        speeds.append(clock.speed)
    governor.adjust(["stuck"], 10.0)
    governor.adjust(["stuck"], 10.1 + LOST_SECONDS)
    speeds.append(clock.speed)
    slowed, crawling = SPEED * SLOWED, SPEED * CRAWLING
    assert speeds == [crawling, slowed, slowed, SPEED, crawling]


def test_runs_slows_and_stands(clock_file: Path) -> None:
    clock = VirtualClock(clock_file)
    load: list[str] = []
    governor = Governor(clock_file, clock, SPEED, lambda: list(load))
    assert clock.now() == START
    governor.start()
    threading.Event().wait(0.5)
    assert clock.speed == SPEED
    load += [str(i) for i in range(CROWDED)]
    threading.Event().wait(0.8)
    assert clock.speed == SPEED * SLOWED
    assert clock.now() > START
    governor.stop()
    stood = clock.now()
    threading.Event().wait(0.05)
    assert clock.now() == stood
    assert governor.slowed_seconds > 0
