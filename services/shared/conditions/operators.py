"""Operators that hold a value against a literal: one table, for traits, facts, properties, fields and counts.

A literal is read once (`read`: JSON -> literal, or ValueError with the rule it breaks) and bound once (`test`:
literal -> predicate). A predicate takes what was seen, `None` for what is missing, and never raises, whatever it is
given. What is missing makes every comparison false, `ne` and `not_in` too; only `exists` sees it. JSON's types are
kept apart: `true` is not 1 and "1" is not 1. Operators about time passing (ages, anniversaries) are in `timed`.
"""

from __future__ import annotations

import math
import operator as op
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from services.shared.clock import from_iso
from services.shared.conditions.geo import NEAR_SCHEMA, point_of, read_circle
from services.shared.conditions.limits import MAX_LIST, MAX_TEXT

Predicate = Callable[[Any], bool]
Schema = Mapping[str, Any]

LARGEST = 2**53 - 1
"""Whole numbers beyond it are not exact in JSON, so no literal goes there."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

_PLAIN = "must be text of at most 500 characters, a finite number, true or false"
_TEXT = "must be text of 1 to 500 characters"
_ORDERED = "must be a number or an instant with a time zone (1998-06-30T00:00:00Z) or a date (1998-06-30)"
_LISTED = f"must be a list of 1 to {MAX_LIST} values, each text, a number, true or false"
_PAIR = "must be a list [low, high] of two numbers, or of two instants, in that order"


@dataclass(frozen=True)
class Operator:
    """How a literal is read and what it then says of a value; `schema` is the literal's JSON Schema."""

    read: Callable[[Any], Any]
    test: Callable[[Any], Predicate]
    schema: Schema


def same(left: Any, right: Any) -> bool:
    """Equal and of one JSON type: text, number, or true and false."""
    if isinstance(left, str):
        return isinstance(right, str) and left == right
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return is_number(left) and is_number(right) and bool(left == right)


def is_number(value: Any) -> bool:
    """A finite number; `true` and `false` are none."""
    if isinstance(value, bool):
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) or (isinstance(value, Decimal) and value.is_finite())


def as_instant(value: Any) -> datetime | None:
    """An instant with a time zone, or a date (its midnight in UTC), as text or as `datetime`; else `None`."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else None
    if not isinstance(value, str) or not 10 <= len(value) <= 40:
        return None
    try:
        if _DATE.fullmatch(value):
            day = date.fromisoformat(value)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        return from_iso(value)
    except (ValueError, OverflowError):
        return None


def is_text(value: Any, longest: int = MAX_TEXT) -> bool:
    """Text that can be written as UTF-8 and is not too long."""
    if not isinstance(value, str) or len(value) > longest:
        return False
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)


def is_scalar(value: Any) -> bool:
    """What a literal of `eq` may be."""
    if isinstance(value, str):
        return is_text(value)
    if isinstance(value, int):
        return abs(value) <= LARGEST
    return isinstance(value, float) and math.isfinite(value)


def _scalar(raw: Any) -> Any:
    if not is_scalar(raw):
        raise ValueError(_PLAIN)
    return raw


def _boolean(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise ValueError("must be true or false")
    return raw


def _text(raw: Any) -> str:
    if not is_text(raw) or raw == "":
        raise ValueError(_TEXT)
    return str(raw)


def _listed(raw: Any) -> tuple[Any, ...]:
    if not isinstance(raw, list) or not 1 <= len(raw) <= MAX_LIST or not all(map(is_scalar, raw)):
        raise ValueError(_LISTED)
    return tuple(raw)


def _ordered(raw: Any) -> Any:
    if is_number(raw) and is_scalar(raw):
        return raw
    at = as_instant(raw) if isinstance(raw, str) else None
    if at is None:
        raise ValueError(_ORDERED)
    return at


def _pair(raw: Any) -> tuple[Any, Any]:
    try:
        low, high = map(_ordered, raw if isinstance(raw, list) else ())
    except ValueError as error:
        raise ValueError(_PAIR) from error
    if isinstance(low, datetime) != isinstance(high, datetime) or low > high:
        raise ValueError(_PAIR)
    return low, high


def number(raw: Any) -> Any:
    """The literal of a comparison of counts and sums.

    Raises:
        ValueError: it is no finite number.
    """
    if not (is_number(raw) and is_scalar(raw)):
        raise ValueError("must be a finite number")
    return raw


def numbers(raw: Any) -> tuple[Any, ...]:
    """The literal of `in` where counts and sums are compared.

    Raises:
        ValueError: it is no list of finite numbers.
    """
    if not isinstance(raw, list) or not 1 <= len(raw) <= MAX_LIST:
        raise ValueError(f"must be a list of 1 to {MAX_LIST} numbers")
    return tuple(number(one) for one in raw)


def number_pair(raw: Any) -> tuple[Any, Any]:
    """The literal of `between` where counts and sums are compared.

    Raises:
        ValueError: it is no ascending pair of finite numbers.
    """
    if not isinstance(raw, list) or len(raw) != 2 or number(raw[0]) > number(raw[1]):
        raise ValueError("must be a list [low, high] of two numbers, in that order")
    return raw[0], raw[1]


def _ordering(compare: Callable[[Any, Any], bool]) -> Callable[[Any], Predicate]:
    def bind(literal: Any) -> Predicate:
        if isinstance(literal, datetime):
            return lambda seen: (at := as_instant(seen)) is not None and compare(at, literal)
        return lambda seen: is_number(seen) and compare(seen, literal)

    return bind


def _between(pair: tuple[Any, Any]) -> Predicate:
    low, high = pair
    if isinstance(low, datetime):
        return lambda seen: (at := as_instant(seen)) is not None and low <= at <= high
    return lambda seen: is_number(seen) and bool(low <= seen <= high)


def _among(literals: tuple[Any, ...]) -> Predicate:
    texts = frozenset(one for one in literals if isinstance(one, str))
    others = tuple(one for one in literals if not isinstance(one, str))
    return lambda seen: seen in texts if isinstance(seen, str) else any(same(seen, one) for one in others)


def _not_among(literals: tuple[Any, ...]) -> Predicate:
    among = _among(literals)
    return lambda seen: seen is not None and not among(seen)


def _contains(literal: Any) -> Predicate:
    def holds(seen: Any) -> bool:
        if isinstance(seen, str):
            return isinstance(literal, str) and literal in seen
        return isinstance(seen, list | tuple | set | frozenset) and any(same(one, literal) for one in seen)

    return holds


def _near(circle: tuple[float, float, float]) -> Predicate:
    return lambda seen: (point := point_of(seen)) is not None and point.within(circle)


_SCALAR_SCHEMA: Schema = {
    "anyOf": [{"type": "string", "maxLength": MAX_TEXT}, {"type": ["number", "boolean"]}]
}
_TEXT_SCHEMA: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
_LIST_SCHEMA: Schema = {"type": "array", "minItems": 1, "maxItems": MAX_LIST, "items": _SCALAR_SCHEMA}
_ORDERED_SCHEMA: Schema = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}"}]
}
_PAIR_SCHEMA: Schema = {"type": "array", "minItems": 2, "maxItems": 2, "items": _ORDERED_SCHEMA}

_GT, _GTE, _LT, _LTE = (_ordering(compare) for compare in (op.gt, op.ge, op.lt, op.le))

PLAIN: Mapping[str, Operator] = MappingProxyType(
    {
        "eq": Operator(_scalar, lambda literal: lambda seen: same(seen, literal), _SCALAR_SCHEMA),
        "ne": Operator(
            _scalar, lambda literal: lambda seen: seen is not None and not same(seen, literal), _SCALAR_SCHEMA
        ),
        "gt": Operator(_ordered, _GT, _ORDERED_SCHEMA),
        "gte": Operator(_ordered, _GTE, _ORDERED_SCHEMA),
        "lt": Operator(_ordered, _LT, _ORDERED_SCHEMA),
        "lte": Operator(_ordered, _LTE, _ORDERED_SCHEMA),
        "between": Operator(_pair, _between, _PAIR_SCHEMA),
        "in": Operator(_listed, _among, _LIST_SCHEMA),
        "not_in": Operator(_listed, _not_among, _LIST_SCHEMA),
        "exists": Operator(
            _boolean, lambda literal: lambda seen: (seen is not None) is literal, {"type": "boolean"}
        ),
        "contains": Operator(_scalar, _contains, _SCALAR_SCHEMA),
        "starts_with": Operator(
            _text, lambda text: lambda seen: isinstance(seen, str) and seen.startswith(text), _TEXT_SCHEMA
        ),
        "ends_with": Operator(
            _text, lambda text: lambda seen: isinstance(seen, str) and seen.endswith(text), _TEXT_SCHEMA
        ),
        "near": Operator(read_circle, _near, NEAR_SCHEMA),
    }
)
"""Everything that looks at a value alone. A property of an event may be held against any of them."""

_NUMBER_SCHEMA: Schema = {"type": "number"}
_NUMBERS_SCHEMA: Schema = {"type": "array", "minItems": 1, "maxItems": MAX_LIST, "items": _NUMBER_SCHEMA}
_NUMBER_PAIR_SCHEMA: Schema = {"type": "array", "minItems": 2, "maxItems": 2, "items": _NUMBER_SCHEMA}

COUNTING: Mapping[str, Operator] = MappingProxyType(
    {
        **{
            name: Operator(number, PLAIN[name].test, _NUMBER_SCHEMA)
            for name in ("eq", "ne", "gt", "gte", "lt", "lte")
        },
        "between": Operator(number_pair, _between, _NUMBER_PAIR_SCHEMA),
        "in": Operator(numbers, _among, _NUMBERS_SCHEMA),
        "not_in": Operator(numbers, _not_among, _NUMBERS_SCHEMA),
    }
)
"""The same operators where what is seen is a count, a sum or an average: their literals are numbers."""


def value_at(container: Any, path: Sequence[str]) -> Any:
    """What nested objects have under the keys of `path`; `None` when any is not there."""
    for key in path:
        if not isinstance(container, Mapping):
            return None
        container = container.get(key)
    return container
