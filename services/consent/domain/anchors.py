"""Anchors: what the ledger was at a time, signed and kept where nobody can take it back.

An anchor holds digests only, so that people can be erased and it can stay. What is signed is its `header`: number,
time, the hash of the anchor before it, and the root of a Merkle tree over the rows of all shards; a row holds the
root of a tree over every entry of its shard since the anchor before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from services.consent.domain import merkle
from services.consent.domain.ledger import GENESIS, SHARDS, Entry, Head, Malformed, Problem

FORMAT = "halte-anchor-1"
ALGORITHM = "ECDSA_SHA_256"
"""Over the header's bytes, by a key on curve P-256; the signature is DER in base64."""

MAX_COVERED = 10_000
"""Entries of a shard that one anchor covers: who shows that one of them is in it reads them all."""


@dataclass(frozen=True)
class Row:
    """Entries `first` to `seq` of a shard: the hash of the last and the root of the tree over all their hashes.
    Nothing new since the anchor before: `first` is `seq` + 1 and `root` is empty."""

    shard: int
    first: int
    seq: int
    hash: str
    root: str

    @property
    def grew(self) -> bool:
        """Does it cover anything?"""
        return self.first <= self.seq


@dataclass(frozen=True)
class Anchor:
    """The first has `number` 1 and `GENESIS` before it. `at` is ISO 8601 in UTC, `rows` has one row a shard."""

    number: int
    at: str
    prev_hash: str
    rows: tuple[Row, ...]
    key_id: str
    signature: str = ""

    @property
    def root(self) -> str:
        """The root over the rows of all shards."""
        return merkle.root([_json(asdict(row)) for row in self.rows])

    def header(self) -> bytes:
        """The bytes that are signed."""
        return _json(
            {
                "format": FORMAT,
                "number": self.number,
                "at": self.at,
                "prev_hash": self.prev_hash,
                "root": self.root,
                "key_id": self.key_id,
            }
        )

    def document(self) -> dict[str, Any]:
        """The anchor as JSON, with what follows from the rest: `format`, `algorithm`, `root`."""
        return {
            "format": FORMAT,
            "algorithm": ALGORITHM,
            "number": self.number,
            "at": self.at,
            "prev_hash": self.prev_hash,
            "rows": [asdict(row) for row in self.rows],
            "root": self.root,
            "key_id": self.key_id,
            "signature": self.signature,
        }

    def text(self) -> bytes:
        """The bytes that are kept, and whose SHA-256 the next anchor holds."""
        return _json(self.document())

    @property
    def hash(self) -> str:
        """SHA-256 of `text`."""
        return hashlib.sha256(self.text()).hexdigest()


@dataclass(frozen=True)
class AnchorProblem:
    """Something in the anchors that keeping them cannot have produced."""

    kind: Literal["missing", "unlinked", "unsigned", "uneven", "replaced", "malformed"]
    number: int
    detail: str


def read(text: bytes | str) -> Anchor:
    """The anchor that was kept as `text`.

    Raises:
        Malformed: it is not byte for byte what an anchor's `text` can be.
    """
    try:
        found = json.loads(text)
        rows = tuple(Row(**row) for row in found["rows"])
        parts = {name: found[name] for name in ("number", "at", "prev_hash", "key_id", "signature")}
        anchor = Anchor(rows=rows, **parts)
        whole = anchor.text() == (text.encode() if isinstance(text, str) else text)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Malformed("this is no anchor of ours") from error
    if not whole or not _typed(anchor):
        raise Malformed("this is not an anchor as it was kept")
    return anchor


def cover(before: Row | Head, entries: Sequence[Entry]) -> Row:
    """The row of a shard when `entries` follow what `before` ends with."""
    if not entries:
        return Row(before.shard, before.seq + 1, before.seq, before.hash, "")
    leaves = [entry.hash.encode() for entry in entries]
    return Row(before.shard, before.seq + 1, entries[-1].seq, entries[-1].hash, merkle.root(leaves))


def against(entries: Iterable[Entry], rows: Iterable[Row], problems: list[Problem]) -> Iterator[Entry]:
    """`entries` of a shard as they come; what its `rows` (in order) say otherwise is added to `problems`.

    It finds what a shard can't show by itself: that it was rewritten or cut short together with its head.
    """
    waiting = iter([row for row in rows if row.grew])
    row = next(waiting, None)
    leaves: list[bytes] = []
    for entry in entries:
        while row and entry.seq > row.seq:
            problems += _row_problems(row, leaves)
            row, leaves = next(waiting, None), []
        if row and entry.seq >= row.first:
            leaves.append(entry.hash.encode())
        yield entry
    while row:
        problems += _row_problems(row, leaves)
        row, leaves = next(waiting, None), []


def _row_problems(row: Row, leaves: Sequence[bytes]) -> list[Problem]:
    wanted = row.seq - row.first + 1
    if len(leaves) < wanted:
        return [Problem("truncated", row.first + len(leaves), f"an anchor covers entries up to {row.seq}")]
    if merkle.root(leaves) != row.root or leaves[-1] != row.hash.encode():
        return [Problem("rewritten", row.first, f"entries up to {row.seq} are not those an anchor covers")]
    return []


def verify_anchors(anchors: Iterable[Anchor], signed: Callable[[bytes, str], bool]) -> list[AnchorProblem]:
    """Everything wrong with anchors among themselves; `signed` says whether a signature is the key's own."""
    problems: list[AnchorProblem] = []
    number, before = 0, GENESIS
    ends = dict.fromkeys(range(SHARDS), (0, GENESIS))
    for anchor in anchors:
        if anchor.number != number + 1:
            problems.append(AnchorProblem("missing", number + 1, f"the next anchor is {anchor.number}"))
        if anchor.prev_hash != before:
            problems.append(
                AnchorProblem("unlinked", anchor.number, "it does not hold the hash of the one before")
            )
        if not signed(anchor.header(), anchor.signature):
            problems.append(AnchorProblem("unsigned", anchor.number, "its signature is not the key's"))
        if not _goes_on(anchor.rows, ends):
            problems.append(
                AnchorProblem("uneven", anchor.number, "its rows do not go on where others ended")
            )
        ends = {row.shard: (row.seq, row.hash) for row in anchor.rows}
        number, before = anchor.number, anchor.hash
    return problems


def _goes_on(rows: Sequence[Row], ends: dict[int, tuple[int, str]]) -> bool:
    if [row.shard for row in rows] != list(range(SHARDS)):
        return False
    return all(
        row.first == ends.get(row.shard, (0, GENESIS))[0] + 1
        and (row.grew or (row.seq, row.hash, row.root) == (*ends.get(row.shard, (0, GENESIS)), ""))
        for row in rows
    )


def _typed(anchor: Anchor) -> bool:
    texts = (anchor.at, anchor.prev_hash, anchor.key_id, anchor.signature)
    return (
        type(anchor.number) is int
        and all(isinstance(text, str) and text.isascii() for text in texts)
        and all(
            type(getattr(row, field.name)) is (int if field.name in ("shard", "first", "seq") else str)
            for row in anchor.rows
            for field in fields(Row)
        )
        and all(row.hash.isascii() and row.root.isascii() for row in anchor.rows)
    )


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
