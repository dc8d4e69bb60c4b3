"""Keeps the virtual clock from running ahead of the machine: when work piles up, time slows down.

Otherwise a slow machine would change what happens: a link that is valid for a week expires in three real seconds.
Time is slowed rather than stopped, and never sped up beyond the speed that was asked for. Step Functions' waits keep
their first speed, so some end early by the virtual clock; a journey's step then says so and waits for the rest.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from local.virtual_clock import VirtualClock, set_clock

CROWDED = 16
"""Pieces of work under way at which time slows down."""

CLEAR = 6
"""Pieces of work under way at which it runs at full speed again."""

LATE_SECONDS = 0.5
"""Real seconds after which a single piece of work slows time down (a cold start, usually)."""

SWAMPED = 100
"""Pieces of work under way at which it hardly moves any more."""

LOST_SECONDS = 5.0
"""Real seconds after which a single piece of work does the same."""

SLOWED = 0.1
CRAWLING = 0.002
"""Shares of the full speed. At a crawl a link that is valid for a month lasts for many real minutes."""

_PERIOD = 0.2


class Governor:
    """Starts, slows and stops the clock; `load` names the work that waits or is under way."""

    def __init__(
        self, clock_file: Path, clock: VirtualClock, speed: float, load: Callable[[], Iterable[str]]
    ) -> None:
        self.slowed_seconds = 0.0
        self._file = clock_file
        self._clock = clock
        self._speed = speed
        self._load = load
        self._since: dict[str, float] = {}
        self._share = 1.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._govern, name="governor", daemon=True)

    def start(self) -> None:
        """Let the clock run."""
        self._run_at(self._speed)
        self._thread.start()

    def stop(self) -> None:
        """Let the clock stand, for good."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)
        set_clock(self._file, self._clock.now(), self._speed, None)

    def _govern(self) -> None:
        before = time.monotonic()
        while not self._stopping.wait(_PERIOD):
            now = time.monotonic()
            self.slowed_seconds += (now - before) if self._share < 1.0 else 0.0
            before = now
            self.adjust(self._load(), now)

    def adjust(self, load: Iterable[str], now: float) -> None:
        """Choose the speed that what is under way at `now` (seconds) allows; between two marks it stays as it is."""
        self._since = {name: self._since.get(name, now) for name in load}
        share = self._allowed(
            len(self._since), max((now - since for since in self._since.values()), default=0.0)
        )
        if share != self._share:
            self._share = share
            self._run_at(self._speed * share)

    def _allowed(self, pieces: int, oldest: float) -> float:
        if pieces >= SWAMPED or oldest > LOST_SECONDS:
            return CRAWLING
        if pieces >= CROWDED or oldest > LATE_SECONDS:
            return SLOWED
        if pieces <= CLEAR:
            return 1.0
        return max(self._share, SLOWED)

    def _run_at(self, speed: float) -> None:
        set_clock(self._file, self._clock.now(), speed, time.time())
