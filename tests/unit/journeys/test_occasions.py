"""The moments of schedules, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.journeys.domain.occasions import EARLIEST, moments, upcoming

AMSTERDAM = "Europe/Amsterdam"
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_nine_in_the_morning_stays_nine_when_the_clocks_change() -> None:
    found = moments("2026-03-28T09:00", "FREQ=DAILY;COUNT=3", AMSTERDAM, FIRST, at("2026-04-30"))
    assert [one.at for one in found] == [
        at("2026-03-28T08:00"),
        at("2026-03-29T07:00"),
        at("2026-03-30T07:00"),
    ]


def test_a_time_that_is_skipped_is_read_with_the_offset_before_and_one_that_comes_twice_is_the_first() -> (
    None
):
    spring = moments("2026-03-29T02:30", None, AMSTERDAM, FIRST, at("2026-12-31"))
    autumn = moments("2026-10-25T02:30", None, AMSTERDAM, FIRST, at("2026-12-31"))
    assert [one.at for one in spring + autumn] == [at("2026-03-29T01:30"), at("2026-10-25T00:30")]


def test_the_first_of_january_comes_first_where_the_day_begins() -> None:
    found = moments("2027-01-01T00:00", None, EARLIEST, FIRST, at("2027-06-01"))
    assert [one.at for one in found] == [at("2026-12-31T10:00")]


@pytest.mark.parametrize(
    ("after", "until", "count"), [(-60, 60, 1), (-60, 0, 1), (0, 60, 0), (60, 120, 0), (-120, -60, 0)]
)
def test_a_moment_is_after_the_last_look_and_not_after_now(after: int, until: int, count: int) -> None:
    moment = at("2026-05-05T10:00")
    around = (moment + timedelta(seconds=after), moment + timedelta(seconds=until))
    assert len(moments("2026-05-05T10:00", None, "UTC", *around)) == count


@settings(max_examples=60)
@given(
    rule=st.sampled_from(
        ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,SU", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=YEARLY"]
    ),
    start=st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31)).map(
        lambda one: one.strftime("%Y-%m-%dT%H:%M")
    ),
    zone=st.sampled_from([AMSTERDAM, "UTC", "America/New_York", "Australia/Lord_Howe", EARLIEST]),
    looks=st.lists(st.integers(0, 400 * 24 * 60), min_size=1, max_size=12),
)
def test_however_often_one_looks_every_moment_is_seen_once(
    rule: str, start: str, zone: str, looks: list[int]
) -> None:
    ends = [FIRST + timedelta(minutes=minute) for minute in sorted(looks)]
    seen = [
        one
        for after, until in zip([FIRST, *ends], ends, strict=False)
        for one in moments(start, rule, zone, after, until)
    ]
    assert seen == moments(start, rule, zone, FIRST, ends[-1])
    following = upcoming(start, rule, zone, FIRST)
    assert following is not None
    assert not seen or seen[0] == following
