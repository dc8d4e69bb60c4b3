"""What any parsed JSON must be to be kept: no deeper, no wider, no stranger than what reads it later can take."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from services.ingest.domain.json_text import Repeated
from services.shared.errors import Invalid

MAX_DEPTH = 16
MAX_KEYS = 200


def check_structure(value: Any) -> None:
    """Hold any parsed JSON to what can be kept.

    Raises:
        Invalid: too_deep, too_many_keys, duplicate_key, not_finite, bad_number or bad_text.
    """
    _check_members((value,), 1)


def _check_members(members: Iterable[Any], depth: int) -> None:
    """Values that stand `depth` levels deep. Nearly all there is in an event is ASCII text, so that comes first."""
    for one in members:
        if isinstance(one, str):
            if not one.isascii():
                _check_text(one)
        elif isinstance(one, dict):
            _check_members(_values(one, depth), depth + 1)
        elif isinstance(one, list):
            _check_depth(depth)
            _check_members(one, depth + 1)
        elif one is not None:
            _check_number(one)


def _values(value: dict[str, Any], depth: int) -> Iterable[Any]:
    _check_depth(depth)
    if isinstance(value, Repeated):
        raise Invalid("duplicate_key", "an object names a key twice")
    if len(value) > MAX_KEYS:
        raise Invalid("too_many_keys", f"an object has over {MAX_KEYS} keys")
    if not (names := "".join(value)).isascii():
        _check_text(names)
    return value.values()


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Invalid("too_deep", f"event nests deeper than {MAX_DEPTH} levels")


def _check_number(value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise Invalid("not_finite", "a number is not finite")
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise Invalid("bad_number", "a number has more digits than 64 bits hold")


def _check_text(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Invalid("bad_text", "a text has half a surrogate pair") from error
