"""The local stage's clock: months of waits, watchable in minutes.

It travels in the bundles, so it imports nothing of ours. The clock is a small JSON file, so that every worker
process tells the same time:
`{"virtual_start": ISO 8601, "real_start": epoch seconds or null, "speed": virtual seconds per real second}`.
Before `real_start`, and while it is null, the clock stands at `virtual_start`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

VARIABLE = "HALTE_CLOCK_FILE"


class VirtualClock:
    """Reads the clock file, again whenever it is replaced."""

    def __init__(self, path: Path, real_time: Callable[[], float] = time.time) -> None:
        self._path = path
        self._real_time = real_time
        self._stamp = -1
        self._virtual_start = datetime(1970, 1, 1, tzinfo=UTC)
        self._real_start: float | None = None
        self._speed = 1.0

    def now(self) -> datetime:
        """The virtual instant, in UTC."""
        self._refresh()
        if self._real_start is None:
            return self._virtual_start
        elapsed = max(0.0, self._real_time() - self._real_start)
        return self._virtual_start + timedelta(seconds=elapsed * self._speed)

    @property
    def speed(self) -> float:
        """Virtual seconds per real second."""
        self._refresh()
        return self._speed

    def _refresh(self) -> None:
        stamp = self._path.stat().st_mtime_ns
        if stamp == self._stamp:
            return
        setting = json.loads(self._path.read_text())
        self._virtual_start = datetime.fromisoformat(setting["virtual_start"])
        self._real_start = setting["real_start"]
        self._speed = float(setting["speed"])
        self._stamp = stamp


def from_file() -> VirtualClock:
    """The clock that the environment names (`HALTE_CLOCK_FILE`).

    Raises:
        KeyError: no file is named.
    """
    return VirtualClock(Path(os.environ[VARIABLE]))


def set_clock(path: Path, virtual_start: datetime, speed: float, real_start: float | None) -> None:
    """Write the clock file whole, so that no reader sees half of it."""
    setting = {"virtual_start": virtual_start.isoformat(), "real_start": real_start, "speed": speed}
    new = path.with_suffix(".new")
    new.write_text(json.dumps(setting))
    new.replace(path)
