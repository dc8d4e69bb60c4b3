"""Merkle trees as RFC 6962 builds them (Certificate Transparency): one hash stands for a list, and a short path shows
that something is in it without showing the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Step:
    """One step from a leaf to the root: the neighbour's hash (hex), and on which side it stands."""

    side: Literal["left", "right"]
    hash: str


def root(items: Sequence[bytes]) -> str:
    """The root of a list, hex; of an empty list the hash of nothing."""
    level = [_leaf(item) for item in items]
    while len(level) > 1:
        level = _parents(level)
    return (level[0] if level else hashlib.sha256(b"").digest()).hex()


def path(items: Sequence[bytes], index: int) -> list[Step]:
    """The way from item `index` to the root; `climb` goes it.

    Raises:
        IndexError: there is no such item.
    """
    if not 0 <= index < len(items):
        raise IndexError(index)
    level, steps = [_leaf(item) for item in items], []
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            steps.append(Step("right" if beside > index else "left", level[beside].hex()))
        level, index = _parents(level), index // 2
    return steps


def climb(item: bytes, steps: Sequence[Step]) -> str:
    """The root that `item` and its path give, hex.

    Raises:
        ValueError: a hash of the path is no hex, or a side is neither.
    """
    here = _leaf(item)
    for step in steps:
        beside = bytes.fromhex(step.hash)
        if step.side not in ("left", "right"):
            raise ValueError(step.side)
        here = _node(beside, here) if step.side == "left" else _node(here, beside)
    return here.hex()


def _parents(level: list[bytes]) -> list[bytes]:
    """The last of an odd level moves up as it is: the same tree as RFC 6962 describes from the top."""
    pairs = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return pairs + level[len(pairs) * 2 :]


def _leaf(item: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + item).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
