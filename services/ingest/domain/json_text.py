"""JSON of strangers: measured before it is parsed, and parsed so that a bad number can be named afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from services.shared.errors import Invalid

SAFE_DEPTH = 64
"""Levels a text may nest before it is refused unparsed; far above what an event may have, so that one deep event
of a batch can be refused by itself."""

_PIECE = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
_COLON = re.compile(r"\s*:\s*")
_OVER_64_BIT = 2**64


def parse(text: str) -> Any:
    """The value of a JSON text. `NaN`, infinities and `1e400` become non-finite floats, and an integer of over 20
    digits becomes 2**64, for `validate` to find where they stand.

    Raises:
        Invalid: `too_deep` (over `SAFE_DEPTH` levels) or `invalid_json`.
    """
    if exceeds_depth(text, SAFE_DEPTH):
        raise Invalid("too_deep", f"body nests deeper than {SAFE_DEPTH} levels")
    try:
        return json.loads(text, parse_int=_integer, parse_constant=float)
    except ValueError as error:
        raise Invalid("invalid_json", f"body is not JSON: {error}") from error


def exceeds_depth(text: str, limit: int) -> bool:
    """Does `text` nest deeper than `limit` levels? Linear, and no recursion."""
    if text.count("{") + text.count("[") <= limit:
        return False
    return any(depth > limit for _, _, depth in _pieces(text))


def cut_member(text: str, name: str) -> tuple[str, str | None]:
    """`text` (a JSON object) with its top-level member `name` replaced by `null`, and that member's own text
    (`None`: there is no such member). Nothing is parsed, so the member may be of any depth."""
    start: int | None = None
    for piece, position, depth in _pieces(text):
        if start is not None and depth <= 1 and (piece == "," or depth == 0):
            return f"{text[:start]}null{text[position:]}", text[start:position].strip()
        if start is None and depth == 1 and piece == f'"{name}"':
            colon = _COLON.match(text, position + len(piece))
            start = colon.end() if colon else None
    return text, None


def _pieces(text: str) -> Iterator[tuple[str, int, int]]:
    """Strings, brackets and commas with their position and the depth they stand at (a bracket: the depth after)."""
    depth = 0
    for match in _PIECE.finditer(text):
        piece = match.group()
        if piece in "[{":
            depth += 1
        elif piece in "]}":
            depth -= 1
        yield piece, match.start(), depth


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= 20 else _OVER_64_BIT
