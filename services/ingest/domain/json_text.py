"""JSON of strangers: measured before it is parsed, and parsed so that a bad number can be named afterwards."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from itertools import accumulate
from typing import Any

from services.shared.errors import Invalid

SAFE_DEPTH = 64
"""Levels a text may nest before it is refused unparsed; far above what an event may have, so that one deep event
of a batch can be refused by itself."""

_PIECE = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
_COLON = re.compile(r"\s*:\s*")
_OVER_64_BIT = 2**64
_STEPS = {ord("{"): 1, ord("["): 1, ord("}"): -1, ord("]"): -1}
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _STEPS)


class Repeated(dict[str, Any]):
    """An object that names a key twice: which of the values counts is anybody's guess."""


def parse(text: str) -> Any:
    """The value of a JSON text. `NaN`, infinities and `1e400` become non-finite floats, a number that 64 bits can't
    hold (an integer of over 20 digits, a decimal of over 17) becomes 2**64, and an object with a repeated key becomes
    `Repeated`, for `validate` to find where they stand.

    Raises:
        Invalid: `too_deep` (over `SAFE_DEPTH` levels) or `invalid_json`.
    """
    if exceeds_depth(text, SAFE_DEPTH):
        raise Invalid("too_deep", f"body nests deeper than {SAFE_DEPTH} levels")
    try:
        return json.loads(
            text,
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=float,
            object_pairs_hook=_object,
        )
    except ValueError as error:
        raise Invalid("invalid_json", f"body is not JSON: {error}") from error


def exceeds_depth(text: str, limit: int) -> bool:
    """Does `text` nest deeper than `limit` levels, as far as it is JSON? Linear, and no recursion."""
    if text.count("{") + text.count("[") <= limit:
        return False
    outside_strings = "".join(text.replace("\\\\", "").replace('\\"', "").split('"')[::2])
    brackets = outside_strings.encode(errors="replace").translate(None, _NO_BRACKETS)
    return any(depth > limit for depth in accumulate(map(_STEPS.__getitem__, brackets)))


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


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else Repeated(made)


def _decimal(digits: str) -> float | int:
    number = float(digits)
    if len(digits) <= 17 and abs(number) >= sys.float_info.min:  # so few digits always survive
        return number
    return number if not math.isfinite(number) or _survives(digits, number) else _OVER_64_BIT


def _survives(digits: str, number: float) -> bool:
    """Is `number` what was written? 17 digits are how a double is printed; more must be its exact value."""
    try:
        written = Decimal(digits)
    except ArithmeticError:  # an exponent beyond all bounds
        return False
    if written in (Decimal(number), Decimal(repr(number))):
        return True
    significant = len("".join(map(str, written.as_tuple().digits)).strip("0"))
    return significant <= 17 and abs(number) >= sys.float_info.min


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= 20 else _OVER_64_BIT
