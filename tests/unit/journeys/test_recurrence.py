"""Local times that come again, and rules that are none."""

from __future__ import annotations

import time
from itertools import islice

import pytest

from services.journeys.domain.recurrence import recurrence


def times(start: str, rule: str, count: int = 3) -> list[str]:
    found = recurrence(start, rule)
    assert found is not None
    return [f"{at:%Y-%m-%dT%H:%M}" for at in islice(found, count)]


@pytest.mark.parametrize(
    ("start", "rule", "expected"),
    [
        ("2026-12-28T10:00", "FREQ=YEARLY", ["2026-12-28T10:00", "2027-12-28T10:00", "2028-12-28T10:00"]),
        ("2024-02-29T10:00", "FREQ=YEARLY", ["2024-02-29T10:00", "2028-02-29T10:00", "2032-02-29T10:00"]),
        ("2026-01-05T09:00", "FREQ=MONTHLY;BYDAY=1MO", ["2026-01-05T09:00", "2026-02-02T09:00", "2026-03-02T09:00"]),
        ("2026-01-05T09:00", "FREQ=WEEKLY;INTERVAL=2;COUNT=2", ["2026-01-05T09:00", "2026-01-19T09:00"]),
        ("2026-01-05T09:00", "FREQ=DAILY;UNTIL=20260106", ["2026-01-05T09:00"]),
    ],
)  # fmt: skip
def test_times_come_as_the_rule_says(start: str, rule: str, expected: list[str]) -> None:
    assert times(start, rule) == expected


def test_without_a_rule_it_comes_once() -> None:
    assert recurrence("2026-12-28T10:00", None) is None


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=9",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;UNTIL=20260101T000000Z",
        "FREQ=DAILY;UNTIL=20250101",
        "FREQ=MONTHLY;BYDAY=XX",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=DAILY\nEXDATE:20260101T000000",
        "DTSTART:20260101T000000\nRRULE:FREQ=DAILY",
        "INTERVAL=2",
        "FREQ=DAILY;BYMONTHDAY=" + "1," * 50,
        "FREQ=DAILY;BYMONTH=²",
    ],
)
def test_what_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        recurrence("2026-01-05T09:00", rule)


@pytest.mark.parametrize("ends", ["", ";COUNT=3", ";UNTIL=99991231"])
def test_a_day_that_never_comes_is_found_out_soon(ends: str) -> None:
    begun = time.monotonic()
    with pytest.raises(ValueError, match="never comes"):
        recurrence("2026-01-05T09:00", f"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30{ends}")
    assert time.monotonic() - begun < 2
