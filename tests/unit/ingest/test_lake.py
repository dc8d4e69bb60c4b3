"""The lake's layout: rows keep every line, and a receipt counts once whatever the order."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.domain.lake import (
    COLUMNS,
    Amendment,
    Manifest,
    day_of,
    finished,
    one_per_receipt,
    part_key,
    raw_key,
    slices,
    to_line,
    to_row,
)
from services.shared.clock import from_iso

TEXT = st.text(st.characters(codec=None), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def line(receipt: str = "r-1", **fields: Any) -> dict[str, Any]:
    return {
        "receipt": receipt,
        "source": "shop",
        "door": "http",
        "disposition": "applied",
        "reason": "",
        "note": "",
        "message_id": "m-1",
        "profile_id": "prf_1",
        "received_at": "2026-01-02T03:04:05.678Z",
        "event": {"type": "track", "event": "Order Completed", "timestamp": "2026-01-01T00:00:00Z"},
        "refused": "",
        **fields,
    }


def stored(row: dict[str, Any]) -> dict[str, Any]:
    """What a Parquet reader hands back: times as datetimes."""
    return {**json.loads(json.dumps(row)), "received_at": from_iso(row["received_at"])}


@given(
    event=st.none() | st.dictionaries(st.text(), JSON, max_size=4),
    refused=TEXT,
    extra=st.dictionaries(st.text(min_size=1).map("x-".__add__), JSON, max_size=2),
    rolled_back=st.booleans(),
)
def test_a_row_gives_its_line_back(
    event: Any, refused: str, extra: dict[str, Any], rolled_back: bool
) -> None:
    given_line = line(event=event, refused=refused, **extra, **({"rolled_back": True} if rolled_back else {}))
    row = to_row(given_line)
    assert set(row) == set(COLUMNS)
    assert to_line(stored(row)) == given_line


def test_columns_say_what_a_query_asks_for() -> None:
    row = to_row(line())
    assert (row["type"], row["name"], row["at"]) == ("track", "Order Completed", "2026-01-01T00:00:00.000Z")
    page = to_row(line(event={"type": "page", "name": " Home "}))
    assert (page["type"], page["name"], page["at"]) == ("page", "Home", "2026-01-02T03:04:05.678Z")
    refused = to_row(line(event=None, refused="{", disposition="rejected"))
    assert (refused["type"], refused["name"], refused["at"], refused["event"]) == (None, None, None, None)


def test_of_one_receipt_what_was_done_in_the_end_counts_in_any_order() -> None:
    lines = [
        line(disposition="rejected", profile_id=""),
        line(disposition="applied", profile_id="prf_2"),
        line(disposition="applied", profile_id="prf_1"),
        line(disposition="duplicate", profile_id="prf_1"),
    ]
    for order in permutations(lines):
        assert one_per_receipt(order) == [lines[2]]


def test_an_amendment_forgets_marks_and_leaves_alone() -> None:
    amendment = Amendment(forget=frozenset({"prf_1"}), mentions=frozenset({"zoé@x.nl"}), roll_back="imp-7-")
    assert amendment.apply(line()) is None
    refusal = {"profile_id": "", "disposition": "rejected", "event": None}
    for said in ('{"email": "zoé@x.nl"', json.dumps({"email": "zoé@x.nl"})):
        emptied = amendment.apply(line(**refusal, refused=said))
        assert emptied == line(**refusal, refused="", message_id="")
    longer = line(**refusal, refused='{"email": "zoé@x.nl.example"}')
    assert amendment.apply(longer) == longer
    both = amendment.apply(line("imp-7-4", **refusal, refused="zoé@x.nl"))
    assert both == line("imp-7-4", **refusal, refused="", message_id="", rolled_back=True)
    stranger = line(profile_id="prf_2", refused="")
    assert amendment.apply(stranger) == stranger
    imported = line("imp-7-3", profile_id="prf_2")
    marked = amendment.apply(imported)
    assert marked == {**imported, "rolled_back": True}
    assert amendment.apply(marked) == marked


def test_manifests_and_keys() -> None:
    manifest = Manifest(("a",), frozenset({"x"}), 3).with_part("b", ["y"])
    assert Manifest.from_json(manifest.to_json()) == manifest == Manifest(("a", "b"), frozenset("xy"), 3)
    assert manifest.with_part(None, ["z"]).parts == manifest.with_part("b", []).parts == ("a", "b")
    assert manifest.taken() == Manifest(("a", "b"), frozenset(), 4)
    assert manifest.replacing("a", "c").parts == ("c", "b")
    assert manifest.replacing("a", None).parts == ("b",)
    day = date(2026, 1, 2)
    assert raw_key(day, ["a", "b"]) == raw_key(day, ["b", "a"]) != raw_key(day, ["ab"])
    assert part_key(day, ["a"]).startswith("lake/date=2026-01-02/part-")
    assert day_of("events/date=2026-01-02/") == day
    assert day_of("events/other/") is day_of("events/date=2026-13-02/") is None


def test_only_days_that_are_over_are_finished() -> None:
    days = [date(2026, 1, 3), date(2026, 1, 1), date(2026, 1, 2)]
    assert finished(days, datetime(2026, 1, 3, tzinfo=UTC)) == [date(2026, 1, 1), date(2026, 1, 2)]


@given(st.dictionaries(st.text(min_size=1), st.integers(0, 100)), st.integers(1, 150))
def test_slices_hold_every_object_once_and_keep_the_limit(sizes: dict[str, int], limit: int) -> None:
    portions = list(slices(sizes, limit))
    assert [key for portion in portions for key in portion] == sorted(sizes)
    assert all(len(p) == 1 or sum(sizes[k] for k in p) <= limit for p in portions)


class Bucket:
    """An S3 client that keeps what is put."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def put_object(self, *, Body: bytes, **_: Any) -> None:
        self.bodies.append(Body)


@settings(max_examples=60)
@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=5),
            st.one_of(
                st.none(),
                st.integers(-(2**63), 2**64 - 1),
                st.floats(allow_nan=False, allow_infinity=False),
                TEXT,
            ),
        ),
        max_size=4,
    )
)
@example([{"refused": "half \ud83d", "line": "\u2028\n\x85"}])
def test_lines_come_back_from_the_lake_as_they_were_put(lines: list[dict[str, Any]]) -> None:
    """Half a surrogate pair can stand in the text of an event that was refused for it."""
    bucket = Bucket()
    S3Lake("lake", bucket).put_raw("events/x", lines)
    text = gzip.decompress(bucket.bodies[0])
    assert [json.loads(line) for line in text.split(b"\n")[:-1]] == lines
