"""Instants as whole milliseconds since 1970: what tracks keep and all readings of a condition compute with.

Rounding is downwards, so that for whole milliseconds `at` and any instant `now`, `at <= now` is the same before and
after.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.shared.clock import to_iso
from services.shared.conditions.operators import as_instant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

LAST = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // _MILLISECOND
"""The calendar's last day: what lies beyond never comes."""


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return (at - _EPOCH) // _MILLISECOND


def moment(at: int) -> datetime:
    """The instant of milliseconds since 1970."""
    return _EPOCH + at * _MILLISECOND


def iso(at: int) -> str:
    """ISO 8601 with milliseconds."""
    return to_iso(moment(at))


def milliseconds_of(value: Any) -> int | None:
    """What a value says as an instant, in milliseconds; `None` when it says none."""
    at = as_instant(value)
    return None if at is None else milliseconds(at)
