"""What a person asked of commercial messages: pure rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.delivery.domain.choice import Choice, Skip, Standing
from services.delivery.domain.contact import Contact, contact_of
from services.delivery.domain.wishes import Held, heed, quiet_until

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHOICE = Choice("email", Standing("a@b.nl", "key"), "cns_1", ({"gate": "consent", "verdict": "pass"},))
ZONES = ("Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC", "")
clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))


def contact(**wishes: object) -> Contact:
    return contact_of("prf_1", 1, {"email": "a@b.nl", **wishes})


@pytest.mark.parametrize(
    ("hours", "zone", "now", "until"),
    [
        ("22:00-08:00", "", "2026-03-01T21:59", None),
        ("22:00-08:00", "", "2026-03-01T22:00", "2026-03-02T08:00"),
        ("22:00-08:00", "", "2026-03-02T07:59", "2026-03-02T08:00"),
        ("22:00-08:00", "", "2026-03-02T08:00", None),
        ("09:00-17:00", "", "2026-03-02T12:00", "2026-03-02T17:00"),
        ("22:00-08:00", "Europe/Amsterdam", "2026-03-01T21:30", "2026-03-02T07:00"),
        ("22:00-08:00", "America/New_York", "2026-03-01T04:00", "2026-03-01T13:00"),
        ("22:00-02:30", "Europe/Amsterdam", "2026-03-28T23:00", "2026-03-29T01:30"),  # 2:30 is skipped
        ("22:00-02:30", "Europe/Amsterdam", "2026-10-25T01:15", "2026-10-25T01:30"),  # 2:15 comes again
        ("03:00-02:30", "Europe/Amsterdam", "2026-03-28T05:00", "2026-03-30T00:30"),  # no 2:30 on the 29th
        ("08:00-08:00", "", "2026-03-01T08:00", None),
        ("nights", "", "2026-03-01T23:00", None),
        ("22:00-08:00", "Not/AZone", "2026-03-01T23:00", "2026-03-02T08:00"),
    ],
)
def test_quiet_hours_end_when_the_person_s_own_clock_says_so(
    hours: str, zone: str, now: str, until: str | None
) -> None:
    """F34: also on the nights when the clocks change."""
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    expected = datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None
    assert quiet_until(hours, zone, at) == expected


@settings(max_examples=100)
@given(clocks, clocks, st.sampled_from(ZONES), st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)))
def test_after_quiet_hours_it_is_not_quiet_and_before_their_end_it_is(
    start: str, end: str, zone: str, at: datetime
) -> None:
    now, hours = at.replace(tzinfo=UTC), f"{start}-{end}"
    until = quiet_until(hours, zone, now)
    if until is None:
        local = f"{now.astimezone(ZoneInfo(zone or 'UTC')):%H:%M}"
        assert not (start <= local < end if start <= end else local >= start or local < end)
        return
    assert now < until <= now + timedelta(hours=49)
    assert quiet_until(hours, zone, until) is None


def test_each_wish_is_in_the_record_with_its_verdict() -> None:
    wishes = contact(pausedUntil="2026-03-01T12:00:00.000Z", quietHours="22:00-08:00", timezone="UTC")
    heeded = heed(CHOICE, wishes, NOON)
    assert isinstance(heeded, Choice)
    assert [(g["gate"], g.get("input"), g["verdict"]) for g in heeded.gates] == [
        ("consent", None, "pass"),
        ("pause", "until 2026-03-01T12:00:00.000Z", "pass"),
        ("quiet_hours", "22:00-08:00 UTC", "pass"),
    ]
    paused = heed(CHOICE, wishes, NOON - timedelta(seconds=1))
    assert isinstance(paused, Skip)
    assert (paused.reason, paused.gates[-1]["verdict"]) == ("paused", "stop")
    held = heed(CHOICE, wishes, NOON + timedelta(hours=11))
    assert isinstance(held, Held)
    assert (held.reason, held.until) == ("quiet_hours", NOON + timedelta(hours=20))
    assert heed(CHOICE, contact(), NOON) == CHOICE


@pytest.mark.parametrize("value", ["2", 2.0, True, 0, -1, 51, None, [2]])
def test_what_is_no_number_of_messages_is_no_wish(value: object) -> None:
    assert contact(frequency=value).per_week == 0
    assert contact(pausedUntil="soon").paused_until == "soon"
    assert heed(CHOICE, contact(pausedUntil="soon"), NOON) != Skip
