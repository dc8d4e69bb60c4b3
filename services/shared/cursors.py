"""Opaque cursors: where a list goes on, for whoever reads it to hand back."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, TypeVar

from services.shared.errors import Invalid

PlaceT = TypeVar("PlaceT")


def cursor_of(place: Any) -> str:
    """The cursor of a place, which is JSON."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def read_cursor(cursor: str, read: Callable[[Any], PlaceT]) -> PlaceT:
    """What `read` makes of the place behind a cursor; it may raise what reading strange JSON raises.

    Raises:
        Invalid: `bad_cursor`, it is none of ours.
    """
    try:
        return read(json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))))
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as error:
        raise Invalid("bad_cursor", "cursor: is none of ours") from error
