"""Laws of buckets, keys and waits."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from services.journeys.domain.cohort import (
    GRACE,
    Slot,
    cohort_key,
    entry_slots,
    first_wait_seconds,
    onward_slots,
    round_up,
    seconds_until,
    shared_slots,
)
from services.journeys.domain.document import Document
from services.journeys.domain.states import Place
from services.journeys.domain.validation import read_document
from tests.unit.journeys.documents import REGROUPING, journey, seed

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
instants = st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
windows = st.sampled_from([timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=7)])
laws = settings(max_examples=50)
WAIT_FIRST = read_document(journey())
ACTION_FIRST = read_document(REGROUPING)
ALONE = read_document(journey(admission="PT0S"))


@laws
@given(instants, windows)
def test_a_bucket_s_end_is_the_next_border_of_the_epoch(at: datetime, window: timedelta) -> None:
    end = round_up(at, window)
    assert end - window < at <= end
    assert (end - EPOCH) % window == timedelta(0)
    assert round_up(end, window) == end


@laws
@given(instants)
def test_without_a_window_a_bucket_is_a_millisecond(at: datetime) -> None:
    end = round_up(at, timedelta(0))
    assert timedelta(0) <= end - at < timedelta(milliseconds=1)


@laws
@given(
    instants,
    st.timedeltas(timedelta(days=-40), timedelta(days=40)),
    st.sampled_from([WAIT_FIRST, ACTION_FIRST, ALONE]),
)
def test_nobody_joins_what_is_already_due(now: datetime, apart: timedelta, document: Document) -> None:
    slots = list(islice(entry_slots(document, 1, now + apart, now, "p"), 4))
    assert slots[0].due >= now
    assert slots[0].due < now + document.wait_of(document.start) + (
        document.admission or timedelta(seconds=1)
    )
    assert [s.at for s in slots] == sorted({s.at for s in slots})
    assert len({s.key for s in slots}) == 4


def test_an_entry_in_time_waits_from_its_own_bucket() -> None:
    at = datetime(1997, 1, 1, 12, 20, tzinfo=UTC)
    slot = next(entry_slots(WAIT_FIRST, 3, at, at + timedelta(hours=5)))
    assert slot.at == datetime(1997, 1, 1, 13, tzinfo=UTC)
    assert slot.due == slot.at + timedelta(days=2)
    assert slot.key == "trial-v3-pause-19970101T130000000"


def test_a_late_entry_takes_the_next_bucket_whose_action_is_not_past() -> None:
    at = datetime(1997, 1, 1, 12, 20, tzinfo=UTC)
    now = datetime(1997, 1, 5, 8, 30, tzinfo=UTC)
    slot = next(entry_slots(WAIT_FIRST, 1, at, now))
    assert slot.at == datetime(1997, 1, 3, 9, tzinfo=UTC)
    assert slot.due == datetime(1997, 1, 5, 9, tzinfo=UTC)


def test_people_share_a_cohort_unless_the_journey_has_no_window() -> None:
    at = datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
    shared = {next(entry_slots(WAIT_FIRST, 1, at, at, who)).key for who in ("a", "b")}
    alone = {next(entry_slots(ALONE, 1, at, at, who)).key for who in ("a", "b")}
    assert (len(shared), len(alone)) == (1, 2)


def test_those_who_leave_a_cohort_at_once_stay_together() -> None:
    due = datetime(2026, 1, 1, tzinfo=UTC)
    month = Place("month")
    first, second = islice(onward_slots(ACTION_FIRST, 1, month, due, "cohort_a"), 2)
    other = next(onward_slots(ACTION_FIRST, 1, month, due, "cohort_b"))
    standing = next(onward_slots(ACTION_FIRST, 1, Place("month", over=True), due, "cohort_a"))
    assert first.due == due + timedelta(days=30)
    assert standing.due == due
    assert len({first.key, second.key, other.key, standing.key}) == 4
    assert first == next(onward_slots(ACTION_FIRST, 1, month, due, "cohort_a"))


def test_those_with_the_same_time_ahead_meet_wherever_they_come_from() -> None:
    due = datetime(2026, 1, 1, tzinfo=UTC)
    since = due - timedelta(days=3)
    there, next_one = islice(shared_slots(ACTION_FIRST, 1, Place("month", over=True), since, due), 2)
    coming = next(shared_slots(ACTION_FIRST, 1, Place("month"), since, due))
    assert (there.at, there.due, there.over) == (since, due, True)
    assert (coming.at, coming.due, coming.over) == (due, due + timedelta(days=30), False)
    assert len({there.key, next_one.key, coming.key}) == 3


@laws
@given(
    st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True),
    st.integers(1, 99_999),
    instants,
    st.text(max_size=60),
)
def test_a_key_names_an_execution(name: str, version: int, at: datetime, distinct: str) -> None:
    key = cohort_key(name, version, name, at, distinct)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", key)
    assert key != cohort_key(name, version + 1, name, at, distinct)


@laws
@given(instants, st.timedeltas(timedelta(days=-3), timedelta(days=360)))
def test_a_wait_never_ends_too_soon(now: datetime, left: timedelta) -> None:
    seconds = seconds_until(now + left, now)
    assert timedelta(seconds=seconds) >= left
    assert seconds == 0 or timedelta(seconds=seconds - 1) < left


def test_grace_is_for_cohorts_that_begin_with_an_action() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    lapsed = read_document(seed("lapsed"))
    assert first_wait_seconds(lapsed, Slot("k", "winback", now, now), now) == GRACE.total_seconds()
    assert first_wait_seconds(WAIT_FIRST, Slot("k", "pause", now, now + timedelta(days=2)), now) == 172_800
    alone = read_document({**seed("lapsed"), "admission": "PT0S"})
    assert first_wait_seconds(alone, Slot("k", "winback", now, now), now) == 0
