"""Time as a port: use cases take a `Clock`, so that a test (or a local stage) decides what time it is."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that knows the time."""

    def now(self) -> datetime:
        """The current instant, timezone-aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock: what every deployed stage runs on."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved; for tests and simulation."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move forward by `by`."""
        self._now += by


def load_clock(factory: str = "") -> Clock:
    """The clock named by `factory` (`module:callable`), or the system's when none is named.

    Only a local stage names one, and only its bundles carry the module that is named.
    """
    if not factory:
        return SystemClock()
    module, _, name = factory.partition(":")
    make: Callable[[], Clock] = getattr(importlib.import_module(module), name)
    return make()


def to_iso(at: datetime) -> str:
    """`at` as sortable ISO 8601 in UTC with milliseconds, for keys and payloads: `1997-01-01T12:00:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


def from_iso(text: str) -> datetime:
    """The instant that `to_iso` wrote.

    Raises:
        ValueError: the text is not ISO 8601 or has no zone.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"no time zone in {text!r}")
    return at.astimezone(UTC)
