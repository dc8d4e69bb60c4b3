"""How DynamoDB measures: item sizes, and the read and write units they come to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Typed = Mapping[str, Any]
"""An item, or a value, in DynamoDB's typed form: `{"S": "…"}`."""

_WRITE_BLOCK = 1024
_READ_BLOCK = 4096
_NESTING = 3


def item_size(item: Typed) -> int:
    """Bytes of an item: the UTF-8 of every attribute's name, and its value."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: Typed) -> int:
    """Bytes of one typed value.

    Raises:
        ValueError: no such type.
    """
    kind, content = next(iter(value.items()))
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return _number_size(content)
    if kind == "B":
        return len(content) * 3 // 4 if isinstance(content, str) else len(content)
    if kind in ("BOOL", "NULL"):
        return 1
    if kind in ("SS", "NS", "BS"):
        return sum(value_size({kind[0]: one}) for one in content)
    if kind == "L":
        return _NESTING + sum(1 + value_size(one) for one in content)
    if kind == "M":
        return _NESTING + sum(1 + len(key.encode()) + value_size(one) for key, one in content.items())
    raise ValueError(f"no attribute type {kind}")


def _number_size(text: str) -> int:
    """About a byte for two significant digits, and one more; a sign costs another."""
    mantissa = str(text).upper().split("E")[0].lstrip("-")
    digits = mantissa.replace(".", "").strip("0") or "0"
    return math.ceil(len(digits) / 2) + 1 + (1 if str(text).startswith("-") else 0)


def write_units(size: int, *, transactional: bool = False) -> int:
    """One unit a KB begun; twice that in a transaction."""
    return max(1, math.ceil(size / _WRITE_BLOCK)) * (2 if transactional else 1)


def read_units(size: int, *, consistent: bool = False, transactional: bool = False) -> float:
    """One unit 4 KB begun; half when eventually consistent, twice in a transaction."""
    units = max(1, math.ceil(size / _READ_BLOCK))
    if transactional:
        return units * 2.0
    return units if consistent else units / 2


@dataclass(frozen=True)
class Index:
    """A global secondary index: its key attributes, and all it copies (`None`: everything)."""

    keys: tuple[str, ...]
    projected: frozenset[str] | None

    def entry(self, item: Typed | None) -> Typed | None:
        """What the index holds of an item; `None` when the item lacks one of its keys."""
        if item is None or any(key not in item for key in self.keys):
            return None
        return item if self.projected is None else {k: v for k, v in item.items() if k in self.projected}

    def units(self, old: Typed | None, new: Typed | None) -> int:
        """Write units that a change of an item costs in the index."""
        before, after = self.entry(old), self.entry(new)
        if before == after:
            return 0
        if before is None or after is None:
            return write_units(item_size(before or after or {}))
        if any(before[key] != after[key] for key in self.keys):
            return write_units(item_size(before)) + write_units(item_size(after))
        return write_units(max(item_size(before), item_size(after)))


def change_units(
    old: Typed | None, new: Typed | None, indexes: Sequence[Index], *, transactional: bool = False
) -> int:
    """Write units of one change: the whole item, larger of old and new, and every index it touches."""
    size = max(item_size(old or {}), item_size(new or {}))
    return write_units(size, transactional=transactional) + sum(index.units(old, new) for index in indexes)
