"""The local stage's clock: one file, the same time in every process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.virtual_clock import VirtualClock, from_file, set_clock

START = datetime(1997, 1, 1, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clock.json"
    set_clock(path, START, 200_000.0, None)
    return path


def test_stands_until_it_is_started(file: Path) -> None:
    assert VirtualClock(file, lambda: 5_000.0).now() == START


def test_runs_at_its_speed(file: Path) -> None:
    set_clock(file, START, 86_400.0, 1_000.0)
    assert VirtualClock(file, lambda: 1_002.5).now() == START + timedelta(days=2.5)


def test_a_start_in_the_future_stands(file: Path) -> None:
    set_clock(file, START, 86_400.0, 1_000.0)
    assert VirtualClock(file, lambda: 999.0).now() == START


def test_a_running_process_sees_that_the_clock_was_started_and_stopped(file: Path) -> None:
    clock = VirtualClock(file, lambda: 1_001.0)
    assert clock.now() == START
    set_clock(file, START, 86_400.0, 1_000.0)
    assert clock.now() == START + timedelta(days=1)
    set_clock(file, clock.now(), 86_400.0, None)
    assert clock.now() == START + timedelta(days=1)
    assert clock.speed == 86_400.0


def test_is_found_by_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALTE_CLOCK_FILE", str(file))
    assert from_file().now() == START


def test_imports_nothing_of_the_project() -> None:
    """It travels in bundles that hold no other module of `local`."""
    source = (Path(__file__).parents[3] / "local" / "virtual_clock.py").read_text()
    assert "from local" not in source
    assert "services" not in source
