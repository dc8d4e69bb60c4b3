"""Timestamps: one parser, 1990 to a day ahead; what is no moment is refused, and none is shifted silently."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from services.shared.clock import to_iso
from tests.unit.ingest.bad_input.door import post
from tests.unit.ingest.fakes import NOW

DAY = timedelta(days=1)
MOMENT = timedelta(milliseconds=1)

REFUSED: list[Any] = [
    "",
    " ",
    "now",
    "today",
    "yesterday",
    "null",
    "0",
    "2026",
    "2026-01",
    "2026-01-02",
    "2026-01-02 03:04:05",
    "2026-01-02T03:04:05",
    "2026-01-02T03:04:05.678",
    "03:04:05Z",
    "02/01/2026",
    "01-02-2026T00:00:00Z",
    "Fri, 02 Jan 2026 03:04:05 GMT",
    "Fri Jan 02 2026 03:04:05 GMT+0100 (CET)",
    "2026-01-02T03:04:05 UTC",
    "2026-01-02T03:04:05 Europe/Brussels",
    "2026-01-02T03:04:05[Europe/Brussels]",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-32T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2025-02-30T00:00:00Z",
    "2025-04-31T00:00:00Z",
    "2026-01-02T25:00:00Z",
    "2026-01-02T03:60:00Z",
    "2026-01-02T03:04:61Z",
    "2026-01-02T03:04:05+25:00",
    "2026-01-02T03:04:05Z junk",
    "junk 2026-01-02T03:04:05Z",
    "2026-01-02T03:04:05ZZ",
    "-2026-01-02T03:04:05Z",
    "+12026-01-02T03:04:05Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1601-01-01T00:00:00Z",
    "1899-12-30T00:00:00Z",
    "1900-01-01T00:00:00Z",
    "1970-01-01T00:00:00Z",
    "1989-12-31T23:59:59.999Z",
    "1990-01-01T00:00:00+01:00",
    "2038-01-19T03:14:08Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
    "２０２６-01-02T03:04:05Z",
    "2026-01-02T03:04:05\u200b",
    0,
    1,
    -1,
    1767323045,
    1767323045678,
    1e18,
    1.5,
    True,
    False,
    [],
    ["2026-01-02T03:04:05Z"],
    {},
    {"$date": "2026-01-02T03:04:05Z"},
    to_iso(NOW + DAY + MOMENT),
    "2026-01-02T03:04:05Z" * 1_000,
]


@pytest.mark.parametrize("timestamp", REFUSED, ids=[ascii(value)[:40] for value in REFUSED])
def test_refused(timestamp: Any) -> None:
    said = post("track", json.dumps({"event": "E", "userId": "u", "timestamp": timestamp}))
    assert (said.status, said.code) == (400, "bad_timestamp")


KEPT = [
    ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
    ("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678Z"),
    ("2026-01-02T03:04:05.678999Z", "2026-01-02T03:04:05.678Z"),
    ("2026-01-02T03:04:05.678+00:00", "2026-01-02T03:04:05.678Z"),
    ("2026-01-02T03:04:05.6+00:00", "2026-01-02T03:04:05.600Z"),
    ("2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05.000Z"),
    ("2026-01-02T03:04:05+0530", "2026-01-01T21:34:05.000Z"),
    ("2026-01-02T03:04:05-14:00", "2026-01-02T17:04:05.000Z"),
    ("2026-01-02T03:04:05+14:00", "2026-01-01T13:04:05.000Z"),
    ("2026-01-02 03:04:05+01:00", "2026-01-02T02:04:05.000Z"),
    ("2026-01-02T03:04Z", "2026-01-02T03:04:00.000Z"),
    ("2015-2-02T00:30:08.276Z", "2015-02-02T00:30:08.276Z"),
    ("2015-2-2T00:30:08.276Z", "2015-02-02T00:30:08.276Z"),
    ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
    ("2025-10-26T02:30:00+02:00", "2025-10-26T00:30:00.000Z"),
    ("2025-10-26T02:30:00+01:00", "2025-10-26T01:30:00.000Z"),
    ("2025-03-30T02:30:00+01:00", "2025-03-30T01:30:00.000Z"),
    ("1990-01-01T00:00:00Z", "1990-01-01T00:00:00.000Z"),
    (to_iso(NOW + DAY), to_iso(NOW + DAY)),
    (None, to_iso(NOW)),
]
"""The hours that a clock change repeats or skips are moments like others: the text says which (F34)."""


@pytest.mark.parametrize(("timestamp", "moment"), KEPT)
def test_kept(timestamp: str | None, moment: str) -> None:
    (arrival,) = post("track", json.dumps({"event": "E", "userId": "u", "timestamp": timestamp})).arrivals
    assert to_iso(arrival.read().at) == moment
