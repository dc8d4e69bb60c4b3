"""How long a function may go on beginning work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def time_left(context: Any, reserve_ms: int) -> Callable[[], bool]:
    """Whether more than `reserve_ms` remain before Lambda ends the function."""
    return lambda: int(context.get_remaining_time_in_millis()) > reserve_ms
