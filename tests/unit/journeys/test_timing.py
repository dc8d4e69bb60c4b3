"""Local times and pauses."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.journeys.domain.document import Document
from services.journeys.domain.parts import OpenHours
from services.journeys.domain.timing import (
    Pause,
    due_after_pauses,
    instant_of,
    is_open,
    moved,
    next_open,
    next_time,
    on_that_day,
    paused,
    regrouped_at,
)
from tests.unit.journeys.documents import journey

AMSTERDAM, NEW_YORK = ZoneInfo("Europe/Amsterdam"), ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # half an hour of summer time
START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

zones = st.sampled_from([ZoneInfo("UTC"), AMSTERDAM, NEW_YORK, LORD_HOWE])
instants = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def hours(opens: str, closes: str, *days: str) -> OpenHours:
    said: dict[str, Any] = {"from": opens, "to": closes, **({"days": list(days)} if days else {})}
    return OpenHours.model_validate(said)


def test_a_time_that_the_clocks_skip_and_one_that_comes_twice() -> None:
    """F34. On 29 March 2026 Amsterdam goes from 2 to 3 o'clock, on 25 October from 3 to 2."""
    gap, overlap = utc(2026, 3, 29, 12), utc(2026, 10, 25, 12)
    assert on_that_day(gap, time(2, 30), AMSTERDAM) == utc(2026, 3, 29, 1, 30)  # half past three
    assert on_that_day(overlap, time(2, 30), AMSTERDAM) == utc(2026, 10, 25, 0, 30)  # the first


def test_doors_that_would_open_in_the_gap_open_at_its_end() -> None:
    opening = next_open(hours("02:30", "05:00"), utc(2026, 3, 29, 0, 30), AMSTERDAM)
    assert opening == utc(2026, 3, 29, 1)  # three o'clock


def test_doors_that_are_open_for_an_hour_that_the_clocks_skip_open_the_day_after() -> None:
    opening = next_open(hours("02:00", "03:00"), utc(2026, 3, 29, 0, 30), AMSTERDAM)
    assert opening == utc(2026, 3, 30, 0)


def test_doors_open_twice_in_the_hour_that_comes_twice() -> None:
    opening = next_open(hours("02:30", "02:45"), utc(2026, 10, 25, 0, 50), AMSTERDAM)
    assert opening == utc(2026, 10, 25, 1, 30)


@given(zones, instants, st.integers(0, 1438), st.integers(1, 1439), st.sets(st.integers(0, 6), min_size=1))
@settings(max_examples=60)
def test_doors_open_at_the_first_minute_that_a_clerk_would_find(
    zone: ZoneInfo, at: datetime, opens: int, length: int, days: set[int]
) -> None:
    """Beside looking at the clock every minute for a week and a day; hours that a night skips may take longer."""
    closes = min(opens + length, 1439)
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    doors = hours(_clock(opens), _clock(closes), *(names[day] for day in sorted(days)))
    minutes = (at + timedelta(minutes=minute) for minute in range(8 * 24 * 60))
    first = next((minute for minute in minutes if is_open(doors, minute, zone)), None)
    assume(first is not None)
    assert next_open(doors, at, zone) == first


@given(zones, instants, st.integers(0, 1439))
@settings(max_examples=100)
def test_the_next_time_is_within_a_day_and_an_hour(zone: ZoneInfo, at: datetime, minute: int) -> None:
    clock = time.fromisoformat(_clock(minute))
    assert at <= next_time(at, clock, zone) <= at + timedelta(hours=25)


def test_days_are_counted_on_the_calendar_and_hours_on_the_clock() -> None:
    before = utc(2026, 3, 28, 8)  # nine o'clock in Amsterdam, the day before summer time
    assert moved(before, "P1D", AMSTERDAM) == utc(2026, 3, 29, 7)
    assert moved(before, "PT24H", AMSTERDAM) == utc(2026, 3, 29, 7)  # whole days, however they are written
    assert moved(before, "PT23H", AMSTERDAM) == utc(2026, 3, 29, 7)
    assert moved(utc(2026, 3, 29, 7), "-P1DT1H", AMSTERDAM) == utc(2026, 3, 28, 7)
    assert moved(before, None, AMSTERDAM) == before


@pytest.mark.parametrize(
    ("said", "instant"),
    [
        ("2026-03-05", utc(2026, 3, 4, 23)),
        ("2026-03-05T09:00", utc(2026, 3, 5, 8)),
        ("2026-03-05T09:00:00Z", utc(2026, 3, 5, 9)),
        ("2026-03-05T09:00:00-05:00", utc(2026, 3, 5, 14)),
        (date(2026, 3, 5).isoformat(), utc(2026, 3, 4, 23)),
        ("0001-01-01T00:00+14:00", None),
        ("tomorrow at nine", None),
        ("2026", None),
        (1772668800, None),
        (None, None),
    ],
)
def test_dates_as_people_and_systems_write_them(said: Any, instant: datetime | None) -> None:
    assert instant_of(said, AMSTERDAM) == instant


def test_people_are_gathered_for_a_minute_at_most_and_never_sent_early() -> None:
    def gathered(admission: str, second: int) -> datetime:
        return regrouped_at(
            Document.model_validate(journey(admission=admission)), utc(2026, 3, 5, 9, 0, second)
        )

    assert gathered("P7D", 1) == utc(2026, 3, 5, 9, 1)
    assert gathered("P7D", 0) == utc(2026, 3, 5, 9)
    assert gathered("PT10S", 1) == utc(2026, 3, 5, 9, 0, 10)
    assert gathered("PT0S", 1) == utc(2026, 3, 5, 9, 0, 1)


def pause(start: int, end: int | None, policy: Any = "hold") -> Pause:
    return Pause(START + start * HOUR, None if end is None else START + end * HOUR, policy)


def test_of_several_pauses_one_that_holds_counts() -> None:
    both = [pause(0, None, "drop"), pause(1, 2)]
    assert paused(both, START) == both[0]
    assert paused(both, START + HOUR) == both[1]
    assert paused(both, START + 2 * HOUR) == both[0]
    assert paused([], START) is None


spans = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 50), st.sampled_from(["hold", "drop"])), max_size=6
)


@given(st.integers(0, 100), st.integers(0, 100), spans)
@settings(max_examples=100)
def test_a_wait_runs_only_while_nothing_holds_it(
    since: int, length: int, spans: list[tuple[int, int, Any]]
) -> None:
    """Beside counting the hours one by one; pauses may overlap."""
    pauses = [pause(start, start + lasted, policy) for start, lasted, policy in spans]
    held = {
        hour for start, lasted, policy in spans if policy == "hold" for hour in range(start, start + lasted)
    }
    hour, left = since, length
    while left:
        left -= hour not in held
        hour += 1
    due = due_after_pauses(START + (since + length) * HOUR, START + since * HOUR, pauses, START + 999 * HOUR)
    assert due == START + hour * HOUR


def test_a_pause_that_is_on_has_lasted_until_now() -> None:
    due, since = START + 10 * HOUR, START
    assert due_after_pauses(due, since, [pause(2, None)], START + 7 * HOUR) == START + 15 * HOUR
    assert due_after_pauses(due, since, [pause(2, 7)], START + 30 * HOUR) == START + 15 * HOUR
    assert due_after_pauses(due, since, [pause(10, 20)], START + 30 * HOUR) == due
    assert due_after_pauses(due, due, [pause(2, 20)], START + 30 * HOUR) == due


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
