"""Rows of a file that somebody uploads: CSV or lines of JSON, gzip or not, read as a stream, each fault with a name.

A CSV's header gives the row's keys: dots nest (`User.UserId`), a repeated header collects a list, as Amazon Pinpoint's
endpoint files have it. Rows count from 1, the header not among them.
"""

from __future__ import annotations

import csv
import zlib
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from services.ingest.domain import json_text
from services.shared.errors import Invalid

Format = Literal["csv", "ndjson"]

MAX_LINE = 2_000_000
"""Bytes of one line."""

MAX_CELL = 1_000_000
MAX_COLUMNS = 500
_DELIMITERS = ",;\t|"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_GZIP = b"\x1f\x8b"


class BrokenFile(Invalid):
    """The file can't be read any further: `broken_gzip`, `wrong_encoding` (UTF-16), `line_too_long`, `broken_csv`,
    `bad_header`, `empty_file`."""


@dataclass(frozen=True)
class Row:
    """One row: its number and its value (of a CSV an object of texts), or the `fault` that makes it unreadable and
    the `field` that has it."""

    number: int
    value: Any = None
    fault: str = ""
    field: str = ""


def read_rows(chunks: Iterable[bytes], format_: Format) -> Iterator[Row]:
    """The rows of a file that comes in chunks of bytes; blank lines are none.

    Raises:
        BrokenFile: from here on nothing can be read; the rows before stand.
    """
    lines = _lines(_inflated(chunks))
    return _csv_rows(lines) if format_ == "csv" else _json_rows(lines)


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Plain bytes, in pieces of bounded size whatever a small file unpacks to; several gzip members are one text."""
    source = iter(chunks)
    head = b""
    for chunk in source:
        head += chunk
        if len(head) >= len(_GZIP):
            break
    if not head.startswith(_GZIP):
        yield head
        yield from source
        return
    stream = yield from _unzipped(zlib.decompressobj(wbits=31), head)
    for chunk in source:
        stream = yield from _unzipped(stream, chunk)
    if not stream.eof:
        raise BrokenFile("broken_gzip", "the gzip file is cut off")


def _unzipped(stream: Any, chunk: bytes) -> Generator[bytes, None, Any]:
    try:
        while chunk:
            if stream.eof:
                stream = zlib.decompressobj(wbits=31)
            yield stream.decompress(chunk, MAX_LINE)
            chunk = stream.unconsumed_tail or stream.unused_data
    except zlib.error as error:
        raise BrokenFile("broken_gzip", "the file begins like gzip and is not") from error
    return stream


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Lines with their ends. Bytes that are not UTF-8 become lone surrogates, for the row to be refused."""
    rest = b""
    first = True
    for piece in pieces:
        rest += piece
        if first and len(rest) >= 3:
            rest, first = _without_mark(rest), False
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield _text(line) + "\n"
        if len(rest) > MAX_LINE:
            raise BrokenFile("line_too_long", f"a line has over {MAX_LINE} bytes")
    if first:
        rest = _without_mark(rest)
    if rest:
        yield _text(rest)


def _without_mark(text: bytes) -> bytes:
    if text.startswith(_UTF16) or text[:2].count(0) == 1:
        raise BrokenFile("wrong_encoding", "the file is UTF-16; save it as UTF-8")
    return text.removeprefix(b"\xef\xbb\xbf")


def _text(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")


def _json_rows(lines: Iterable[str]) -> Iterator[Row]:
    number = 0
    for line in lines:
        if not line.strip():
            continue
        number += 1
        if _is_not_utf8(line):
            yield Row(number, fault="not_utf8")
            continue
        try:
            yield Row(number, json_text.parse(line))
        except Invalid as error:
            yield Row(number, fault=error.code)


def _csv_rows(lines: Iterable[str]) -> Iterator[Row]:
    source = iter(lines)
    first = next((line for line in source if line.strip()), None)
    if first is None:
        raise BrokenFile("empty_file", "the file has no header")
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(_chained(first, source), delimiter=_delimiter(first), strict=True)
    try:
        columns = _columns(next(reader))
        number = 0
        for cells in reader:
            if any(cells):
                number += 1
                yield _csv_row(number, columns, cells)
    except csv.Error as error:
        raise BrokenFile("broken_csv", f"line {reader.line_num}: {error}") from error


def _chained(first: str, rest: Iterable[str]) -> Iterator[str]:
    yield first
    yield from rest


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=lambda mark: (header.count(mark), -_DELIMITERS.index(mark)))


def _columns(header: Sequence[str]) -> list[tuple[str, ...]]:
    """The path of each column.

    Raises:
        BrokenFile: a name is blank, is no text, or is both a value and an object; or there are too many.
    """
    names = [name.strip() for name in header]
    if len(names) > MAX_COLUMNS:
        raise BrokenFile("bad_header", f"over {MAX_COLUMNS} columns")
    for position, name in enumerate(names, 1):
        if not name or "\0" in name or _is_not_utf8(name):
            raise BrokenFile("bad_header", f"column {position} has no readable name")
    paths = [tuple(name.split(".")) if all(name.split(".")) else (name,) for name in names]
    inner = {path[:depth] for path in paths for depth in range(1, len(path))}
    if clash := inner & set(paths):
        raise BrokenFile("bad_header", f"{'.'.join(min(clash))} is both a column and the beginning of others")
    return paths


def _csv_row(number: int, columns: Sequence[tuple[str, ...]], cells: Sequence[str]) -> Row:
    if len(cells) != len(columns):
        return Row(number, fault="cell_count")
    for path, cell in zip(columns, cells, strict=True):
        if "\0" in cell:
            return Row(number, fault="nul_character", field=".".join(path))
        if _is_not_utf8(cell):
            return Row(number, fault="not_utf8", field=".".join(path))
    value: dict[str, Any] = {}
    times = Counter(columns)
    for path, cell in zip(columns, cells, strict=True):
        inner = value
        for part in path[:-1]:
            inner = inner.setdefault(part, {})
        if times[path] == 1:
            inner[path[-1]] = cell
        elif cell:
            inner.setdefault(path[-1], []).append(cell)
    return Row(number, value)


def _is_not_utf8(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
