"""Files of strangers: every row is read or named, and no file reads differently by how its bytes arrive."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.rows import MAX_CELL, MAX_LINE, BrokenFile, Format, Row, read_rows
from services.shared.cells import neutral

CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20)


def zipped(data: bytes) -> bytes:
    """The same bytes at every collection of the tests."""
    return gzip.compress(data, mtime=0)


def rows(data: bytes, format_: Format = "csv", chunk: int = 7) -> list[Row]:
    return list(read_rows((data[i : i + chunk] for i in range(0, len(data), chunk)), format_))


def values(data: bytes, format_: Format = "csv") -> list[Any]:
    return [row.value for row in rows(data, format_)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"id,name\n1,Ann\n", [{"id": "1", "name": "Ann"}]),
        (b"\xef\xbb\xbfid;name\r\n1;Ann\r\n", [{"id": "1", "name": "Ann"}]),
        (b"id\tname\n1\tA,n;n\n", [{"id": "1", "name": "A,n;n"}]),
        (b'id,name\n1,"Ann\nof ""A"""\n', [{"id": "1", "name": 'Ann\nof "A"'}]),
        (b"id,name\n\n1,Ann\n,\n2,Bo", [{"id": "1", "name": "Ann"}, {"id": "2", "name": "Bo"}]),
        (b"\n\nid\n1\n", [{"id": "1"}]),
        (
            b"User.UserId,User.Likes,User.Likes,a..b\n7,x,y,1\n",
            [{"User": {"UserId": "7", "Likes": ["x", "y"]}, "a..b": "1"}],
        ),
        (b"Likes,Likes,id\n,,7\n", [{"id": "7"}]),
        ("naam\nZoë\n".encode(), [{"naam": "Zoë"}]),
        (zipped(b"id\n1\n") + zipped(b"2\n"), [{"id": "1"}, {"id": "2"}]),
        (b"id\n" + b"x" * 70_000 + b"\n", [{"id": "x" * 70_000}]),
        (b"id\n", []),
    ],
)
def test_what_exports_look_like(data: bytes, expected: list[Any]) -> None:
    assert values(data) == expected


@pytest.mark.parametrize(
    ("data", "fault", "field"),
    [
        (b"id,name\n1\n", "cell_count", ""),
        (b"id,name\n1,2,3\n", "cell_count", ""),
        (b"id,name\n1,a\0b\n", "nul_character", "name"),
        ("id,name\n1,Zoë\n".encode("latin-1"), "not_utf8", "name"),
    ],
)
def test_a_bad_row_is_named_and_its_neighbour_lands(data: bytes, fault: str, field: str) -> None:
    bad, good = rows(data + b"9,z\n")
    assert (bad.number, bad.fault, bad.field) == (1, fault, field)
    assert good == Row(2, {"id": "9", "name": "z"})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("id\n1\n".encode("utf-16"), "wrong_encoding"),
        ("id\n1\n".encode("utf-16-le"), "wrong_encoding"),
        (b"", "empty_file"),
        (b"\n \n", "empty_file"),
        (b"\x1f\x8bnothing", "broken_gzip"),
        (zipped(b"id\n" + b"1\n" * 999)[:-9], "broken_gzip"),
        (b"id,\n1,2\n", "bad_header"),
        (b"a,a.b\n1,2\n", "bad_header"),
        (b"n\xe9\n1\n", "bad_header"),
        (b"id\n" + b"x" * (MAX_LINE + 1), "line_too_long"),
        (zipped(b"id\n" + b"x" * 50_000_000), "line_too_long"),
        (b"id\n" + b"x" * (MAX_CELL + 1) + b"\n", "broken_csv"),
        (b'id\n"never closed\n1\n', "broken_csv"),
        (b'id\n"a"b\n', "broken_csv"),
        (",".join(f"c{n}" for n in range(501)).encode(), "bad_header"),
    ],
)
def test_a_broken_file_is_named(data: bytes, code: str) -> None:
    with pytest.raises(BrokenFile) as refused:
        rows(data, chunk=65_536)
    assert refused.value.code == code


def test_lines_of_json() -> None:
    data = b'{"id": 1}\n\n[]\n{"id": \n\xff\n{"n": NaN}\n"' + b"[" * 70 + b'"\n' + b"[" * 70 + b"\n"
    found = rows(data, "ndjson")
    assert [(row.number, row.fault) for row in found] == [
        (1, ""),
        (2, ""),
        (3, "invalid_json"),
        (4, "not_utf8"),
        (5, ""),
        (6, ""),
        (7, "too_deep"),
    ]
    assert found[0].value == {"id": 1}


@given(
    table=st.lists(st.lists(CELL, min_size=2, max_size=2).filter(any), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    chunk=st.integers(1, 50),
    is_zipped=st.booleans(),
)
def test_whatever_a_csv_writer_writes_is_read_back(
    table: list[list[str]], delimiter: str, chunk: int, is_zipped: bool
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([["key", "value"], *table])
    data = text.getvalue().encode()
    found = rows(zipped(data) if is_zipped else data, chunk=chunk)
    assert found == [Row(n, {"key": k, "value": v}) for n, (k, v) in enumerate(table, 1)]


@given(st.binary(max_size=200), st.sampled_from(["csv", "ndjson"]), st.integers(1, 20))
def test_any_bytes_are_rows_or_a_broken_file(data: bytes, format_: Format, chunk: int) -> None:
    try:
        found = rows(data, format_, chunk)
    except BrokenFile:
        return
    json.dumps([row.value for row in found])
    assert [row.number for row in found] == list(range(1, len(found) + 1))


@pytest.mark.parametrize("cell", ["=1+1", "+31", "-2", "@x", "\t=1", "\r=1"])
def test_formulas_become_text(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"
    assert neutral(f"x{cell}") == f"x{cell}"
