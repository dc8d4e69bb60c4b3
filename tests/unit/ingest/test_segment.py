"""What Segment-shaped requests mean: batches that say things once, keys in bodies, and clocks that run wrong."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain import json_text
from services.ingest.domain.segment import (
    MAX_BATCH_EVENTS,
    SKEW_BELIEVED,
    calls_in,
    with_right_time,
)
from services.ingest.domain.validate import MAX_EVENT_BYTES
from services.shared.clock import from_iso, to_iso
from services.shared.errors import Invalid, TooLarge
from tests.unit.ingest.fakes import NOW


def test_a_batch_s_context_and_integrations_are_those_of_its_events_unless_they_have_their_own() -> None:
    batch = {
        "context": {"ip": "192.0.2.1", "locale": "nl-BE"},
        "integrations": {"All": False},
        "batch": [
            {"a": 1, "writeKey": "KEY"},
            {
                "context": {"locale": "fr-BE"},
                "integrations": {"Mail": True},
                "sentAt": "2026-01-02T00:00:00Z",
            },
            {"context": "no object", "integrations": None},
            7,
        ],
    }
    first, second, third, fourth = calls_in("batch", batch)
    assert first == {"a": 1, "context": batch["context"], "integrations": {"All": False}}
    assert second["context"] == {"ip": "192.0.2.1", "locale": "fr-BE"}
    assert second["integrations"] == {"All": False, "Mail": True}
    assert third["context"] == "no object"
    assert third["integrations"] == {"All": False}
    assert fourth == 7
    assert batch["batch"][0] == {"a": 1, "writeKey": "KEY"}  # type: ignore[index]


def test_a_single_call_is_of_the_path_s_type_and_loses_its_key() -> None:
    assert calls_in("track", {"type": "page", "writeKey": "KEY", "userId": "u"}) == [
        {"type": "track", "userId": "u"}
    ]


@pytest.mark.parametrize(
    ("batch", "error", "code"),
    [
        ({}, Invalid, "invalid_batch"),
        ({"batch": {}}, Invalid, "invalid_batch"),
        ({"batch": []}, Invalid, "empty_batch"),
        ({"batch": [1], "context": []}, Invalid, "bad_object"),
        ({"batch": [1], "integrations": "all"}, Invalid, "bad_object"),
        ({"batch": [{}] * (MAX_BATCH_EVENTS + 1)}, TooLarge, "too_many_events"),
        ({"batch": [1], "context": {"a": "x" * MAX_EVENT_BYTES}}, TooLarge, "too_large"),
        (json_text.parse('{"batch": [], "batch": [{}]}'), Invalid, "duplicate_key"),
    ],
)
def test_what_is_no_batch(batch: Any, error: type[Exception], code: str) -> None:
    with pytest.raises(error, match=code):
        calls_in("batch", batch)


def test_the_largest_batch_is_one() -> None:
    assert len(calls_in("batch", {"batch": [{}] * MAX_BATCH_EVENTS})) == MAX_BATCH_EVENTS


def right(timestamp: Any, sent_at: Any, original: Any = None) -> dict[str, Any]:
    said = {"timestamp": timestamp, "sentAt": sent_at, "originalTimestamp": original}
    event = {name: value for name, value in said.items() if value is not None}
    result = with_right_time(event, None, NOW)
    assert isinstance(result, dict)
    return result


def at(**delta: float) -> str:
    return to_iso(NOW + timedelta(**delta))


def test_a_clock_an_hour_fast_is_set_right() -> None:
    """F34: received 12:00, sent at 13:00 by a clock that is an hour fast, made five minutes before."""
    event = right(at(minutes=55), at(hours=1))
    assert event["timestamp"] == at(minutes=-5)
    assert event["originalTimestamp"] == at(minutes=55)


def test_a_clock_stuck_in_1970_is_set_right() -> None:
    event = right("1970-01-01T00:10:00Z", "1970-01-01T00:20:00Z")
    assert event["timestamp"] == at(minutes=-10)


@pytest.mark.parametrize("seconds", [0, 1, -1, SKEW_BELIEVED.total_seconds(), -SKEW_BELIEVED.total_seconds()])
def test_a_clock_that_is_about_right_is_believed(seconds: float) -> None:
    event = right(at(minutes=-5), at(seconds=seconds))
    assert event["timestamp"] == at(minutes=-5)
    assert "originalTimestamp" not in event


def test_a_time_the_caller_chose_is_nobody_s_clock() -> None:
    event = right("2010-12-01T08:26:00Z", at(hours=3), original=at(hours=3))
    assert event["timestamp"] == "2010-12-01T08:26:00Z"


def test_both_times_of_the_sdk_s_clock_are_set_right() -> None:
    event = right(at(hours=3), at(hours=3), original=at(hours=3))
    assert (event["timestamp"], event["originalTimestamp"]) == (to_iso(NOW), at(hours=3))


def test_the_original_time_stands_in_for_a_missing_one() -> None:
    assert right(None, None, original=at(minutes=-5))["timestamp"] == at(minutes=-5)
    assert right(None, at(hours=1), original=at(minutes=55))["timestamp"] == at(minutes=-5)


@pytest.mark.parametrize("sent_at", [None, 7, "", "now", "2026-01-01", {}, "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("timestamp", [None, 7, "", "yesterday", {}, "2026-01-02T03:04:05Z"])
def test_times_that_are_none_change_nothing(timestamp: Any, sent_at: Any) -> None:
    assert right(timestamp, sent_at).get("timestamp") == timestamp


def test_a_correction_beyond_the_calendar_leaves_the_time_to_validation() -> None:
    assert right("9999-12-31T00:00:00Z", "0001-01-02T00:00:00Z")["timestamp"] == "9999-12-31T00:00:00Z"


ages = st.integers(0, 10**11).map(lambda n: timedelta(milliseconds=n))
skews = st.integers(-(10**11), 10**11).map(lambda n: timedelta(milliseconds=n))


@given(st.lists(ages, min_size=2, max_size=5), skews)
def test_events_of_one_clock_keep_their_distances(given_ages: list[timedelta], skew: timedelta) -> None:
    """Law: whatever a clock's error, the distances of its events stay; and a large error is taken out whole."""
    said = [NOW - age + skew for age in given_ages]
    moved = [from_iso(right(to_iso(one), to_iso(NOW + skew))["timestamp"]) for one in said]
    assert [b - a for a, b in pairwise(moved)] == [b - a for a, b in pairwise(said)]
    assert (abs(skew) <= SKEW_BELIEVED) or moved == [NOW - age for age in given_ages]
