"""The ledger in a file, one JSON object a line: the key, the anchors, then of each shard its head and its entries.

Each line is written in one way only (sorted keys, no white space, ASCII), so that not a byte of it can be changed
without its being seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from halte.ledger.findings import Found, Key, NotALedger, Shard, Source, Tick
from services.consent.domain.anchors import Anchor, read
from services.consent.domain.ledger import Entry, Head, Malformed, read_entry

Line = tuple[str, dict[str, Any]]


def write(source: Source, out: BinaryIO, tick: Tick) -> int:
    """Write a whole ledger; how many entries it has.

    Raises:
        NotALedger: the source can't be read.
    """
    out.write(_line("key", asdict(source.key())))
    for anchor in source.anchors():
        out.write(_line("anchor", anchor.document()))
    written = 0
    for shard in source.shards():
        out.write(_line("head", asdict(shard.head)))
        for entry in shard.entries:
            out.write(_line("entry", vars(entry)))
            written += 1
            if not written % 1_000:
                tick(written)
    tick(written)
    return written


class FileSource:
    """`Source` of such a file. It is read once, from front to back, in the order of `Source`'s methods."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._problems: list[Found] = []
        self._lines = self._read()
        self._next: Line | None = None

    def key(self) -> Key:
        kind, told = self._advance() or ("", {})
        types = {name: type(value) for name, value in told.items()}
        if kind != "key" or types != {"key_id": str, "public_key": str}:
            raise NotALedger(f"{self._path.name}: the first line is not the key")
        self._advance()
        return Key(**told)

    def anchors(self) -> list[Anchor]:
        found = []
        while self._next and self._next[0] == "anchor":
            try:
                found.append(read(_text(self._next[1])))
            except Malformed as error:
                self._problems.append(Found("anchors", "malformed", len(found) + 1, str(error)))
            self._advance()
        return found

    def shards(self) -> Iterator[Shard]:
        expected = 0
        while self._next:
            head = _head(self._next)
            if head is None or head.shard != expected:
                self._problems.append(
                    Found("ledger", "missing", expected, f"the head of shard {expected} is not here")
                )
                return
            self._advance()
            yield Shard(head, self._entries(head.shard))
            expected += 1

    def problems(self) -> list[Found]:
        return self._problems

    def _entries(self, shard: int) -> Iterator[Entry]:
        while self._next and self._next[0] == "entry":
            try:
                yield read_entry(self._next[1])
            except Malformed as error:
                self._problems.append(Found(f"shard {shard}", "malformed", 0, str(error)))
            self._advance()

    def _advance(self) -> Line | None:
        self._next = next(self._lines, None)
        return self._next

    def _read(self) -> Iterator[Line]:
        try:
            with self._path.open("rb") as opened:
                for number, text in enumerate(opened, 1):
                    line = self._parsed(number, text)
                    if line:
                        yield line
        except OSError as error:
            raise NotALedger(f"{self._path}: {error.strerror}") from error

    def _parsed(self, number: int, text: bytes) -> Line | None:
        try:
            ((kind, told),) = json.loads(text).items()
            if isinstance(told, dict) and _line(kind, told) == text:
                return kind, told
        except (ValueError, AttributeError, TypeError, RecursionError):
            pass
        self._problems.append(Found(f"line {number}", "malformed", number, "it is not as it was written"))
        return None


def _head(line: Line) -> Head | None:
    kind, told = line
    types = {name: type(value) for name, value in told.items()}
    return Head(**told) if kind == "head" and types == {"shard": int, "seq": int, "hash": str} else None


def _line(kind: str, told: dict[str, Any]) -> bytes:
    return _text({kind: told}) + b"\n"


def _text(told: dict[str, Any]) -> bytes:
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
