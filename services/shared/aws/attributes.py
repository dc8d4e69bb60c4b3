"""Plain Python values in DynamoDB's typed form and back. Every item of every service passes here, so the usual kinds
are done at once, and only the rest (fractions, exponents, sets) by the SDK's own codec."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

_SURELY_FITS = 10**38
"""DynamoDB keeps 38 digits; the SDK refuses what has more."""


def encode(item: Mapping[str, Any]) -> dict[str, Any]:
    """A plain dict in DynamoDB's typed form; attributes that are `None` are left out."""
    return {name: _typed(value) for name, value in item.items() if value is not None}


def decode(item: Mapping[str, Any]) -> dict[str, Any]:
    """The plain dict of a typed item (of a response or of a stream record); whole numbers become int."""
    return {name: _plain(value) for name, value in item.items()}


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int) and -_SURELY_FITS < value < _SURELY_FITS:
        return {"N": str(value)}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, Mapping):
        return {"M": {name: _typed(inner) for name, inner in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [_typed(inner) for inner in value]}
    if isinstance(value, float):
        value = Decimal(repr(value))
    typed: dict[str, Any] = _sdk()[0].serialize(value)
    return typed


def _plain(typed: Mapping[str, Any]) -> Any:
    kind, value = next(iter(typed.items()))
    if kind in ("S", "BOOL"):
        return value
    if kind == "N":
        return _number(value)
    if kind == "M":
        return decode(value)
    if kind == "L":
        return [_plain(inner) for inner in value]
    if kind == "B":
        return bytes(value)
    return _sdk()[1].deserialize(typed)


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        value = Decimal(text)
        return int(value) if value == value.to_integral_value() else float(value)


@cache
def _sdk() -> tuple[Any, Any]:
    from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

    return TypeSerializer(), TypeDeserializer()
