"""When: open hours, holidays and the hour of reading, by the clock of whoever is written to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.delivery.adapters.calendars import look_up
from services.delivery.domain.choice import Choice, Skip
from services.delivery.domain.pressure.hours import never_open
from services.delivery.domain.pressure.ledger import Ledger
from services.delivery.domain.pressure.policy import Calendar, InForce, PressurePolicy
from services.delivery.domain.wishes import Held
from services.shared.clock import to_iso
from tests.unit.delivery.test_pressure import message, verdict

WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-20:00")
CALENDAR = Calendar(
    zones={
        "NL": ("Europe/Amsterdam",),
        "US": ("America/New_York", "America/Chicago", "America/Los_Angeles", "Pacific/Honolulu"),
    },
    holidays={"NL": frozenset({"2026-04-06", "2026-04-27"})},
)


def hours(**rules: Any) -> InForce:
    closing = {"days": WEEK, "closed_on_holidays": True}
    base = {"countries": {"NL": closing, "US": {"days": WEEK}}, "unknown": "NL"}
    return InForce(PressurePolicy.model_validate({"hours": base | rules}), 1, CALENDAR)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "traits", "until", "reason"),
    [
        ("2026-03-02T08:00", {"country": "NL"}, None, ""),
        ("2026-03-02T07:59", {"country": "nl"}, "2026-03-02T08:00", "closed_hours"),
        ("2026-03-06T19:00", {"country": "NL"}, "2026-03-09T08:00", "closed_hours"),  # Friday 20:00
        (
            "2026-04-03T19:00",
            {"country": "NL"},
            "2026-04-07T07:00",
            "closed_hours",
        ),  # over Easter, and an hour lost
        ("2026-04-06T10:00", {"country": "NL"}, "2026-04-07T07:00", "holiday"),
        ("2026-04-06T15:00", {"country": "US", "timezone": "America/New_York"}, None, ""),
        ("2026-03-02T15:00", {"country": "US"}, "2026-03-02T19:00", "closed_hours"),  # Hawaii still sleeps
        ("2026-03-02T23:59", {"country": "US"}, None, ""),
        ("2026-03-03T01:00", {"country": "US"}, "2026-03-03T19:00", "closed_hours"),  # New York is done
        ("2026-03-02T15:00", {"timezone": "America/New_York"}, None, ""),
        ("2026-03-02T13:00", {"timezone": "America/New_York"}, "2026-03-02T14:00", "closed_hours"),
        ("2026-03-02T07:00", {}, "2026-03-02T08:00", "closed_hours"),  # nothing known: as in NL
        ("2026-03-02T03:00", {"country": "JP"}, None, ""),  # no hours of its own
        ("2026-03-02T07:00", {"country": "NL", "timezone": "nowhere"}, "2026-03-02T08:00", "closed_hours"),
    ],
)
def test_a_message_arrives_in_open_hours_or_waits_for_them(
    now: str, traits: dict[str, Any], until: str | None, reason: str
) -> None:
    """F34: also when the clocks change meanwhile. Where the zone is not known it is open everywhere in the country."""
    found = verdict(hours(), message("snd_1", at(now)), Ledger(), at(now), **traits)
    if until is None:
        assert isinstance(found, Choice)
    else:
        assert isinstance(found, Held)
        assert (found.reason, found.until) == (reason, at(until))


@settings(max_examples=100)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)),
    st.sampled_from(["NL", "US", ""]),
    st.sampled_from(["", "Europe/Amsterdam", "America/Los_Angeles", "Pacific/Honolulu"]),
)
def test_what_waited_for_open_hours_arrives_in_them_wherever_the_person_may_be(
    moment: datetime, country: str, zone: str
) -> None:
    now = moment.replace(tzinfo=UTC)
    found = verdict(hours(), message("snd_1", now), Ledger(), now, country=country, timezone=zone)
    goes = found.until if isinstance(found, Held) else now
    assert now <= goes < now + timedelta(days=6)
    zones = [zone] if zone else CALENDAR.zones[country or "NL"]
    for one in zones:
        local = goes.astimezone(ZoneInfo(one))
        assert local.weekday() < 5
        assert 9 <= local.hour < 20
        if country == "NL":
            assert f"{local:%Y-%m-%d}" not in CALENDAR.holidays["NL"]
    again = verdict(hours(), message("snd_1", now), Ledger(), goes, country=country, timezone=zone)
    assert isinstance(again, Choice)


@pytest.mark.parametrize(
    ("now", "hour", "until"),
    [
        ("2026-03-02T09:00", 18, "2026-03-02T17:00"),
        ("2026-03-02T17:20", 18, None),
        (
            "2026-03-02T18:00",
            18,
            None,
        ),  # the next time is out of open hours' reach: tomorrow 18:00 is within a day
        ("2026-03-02T10:00", 3, None),  # nobody is disturbed at night for it
        ("2026-03-02T10:00", 25, None),
    ],
)
def test_a_message_waits_for_the_hour_at_which_its_receiver_reads(
    now: str, hour: int, until: str | None
) -> None:
    in_force = hours()
    in_force = InForce(
        in_force.policy.model_copy(
            update={"send_time": PressurePolicy.model_validate({"send_time": {}}).send_time}
        ),
        1,
        CALENDAR,
    )
    person = {"country": "NL", "timezone": "Europe/Amsterdam", "sendHour": hour}
    found = verdict(in_force, message("snd_1", at("2026-03-02T09:00")), Ledger(), at(now), **person)
    if until is None:
        if now == "2026-03-02T18:00":
            assert isinstance(found, Choice)
            assert "not within" in found.gates[-1]["input"]
        else:
            assert isinstance(found, Choice)
    else:
        assert isinstance(found, Held)
        assert (found.reason, found.until) == ("send_time", at(until))
    goes = found.until if isinstance(found, Held) else at(now)
    assert isinstance(
        verdict(in_force, message("snd_1", at("2026-03-02T09:00")), Ledger(), goes, **person), Choice
    )


@pytest.mark.parametrize(
    ("reads", "hour"),
    [
        ({17: 4}, None),
        ({17: 5}, 17),
        ({6: 3, 17: 2, 18: 2, 16: 1}, 17),
        ({6: 3}, None),
        ({23: 3, 0: 3, 12: 4}, 0),
        ({9: 3, 15: 3}, 9),
    ],
)
def test_the_hour_of_most_opens_and_clicks(reads: dict[int, int], hour: int | None) -> None:
    """Its neighbours count half, around midnight too; of few it is not known."""
    assert Ledger(reads=reads).reading_hour() == hour


@pytest.mark.parametrize(
    ("rule", "traits", "until"),
    [
        ({"learned": True}, {}, "2026-03-02T17:00"),
        ({"learned": True}, {"sendHour": 12}, "2026-03-02T11:00"),
        ({}, {}, None),
        ({"learned": True}, {"timezone": ""}, None),
    ],
)
def test_who_did_not_say_when_is_written_to_when_they_read_if_the_policy_asks_so(
    rule: dict[str, bool], traits: dict[str, object], until: str | None
) -> None:
    """What the person said comes first."""
    base = hours()
    policy = base.policy.model_copy(
        update={"send_time": PressurePolicy.model_validate({"send_time": rule}).send_time}
    )
    person = {"country": "NL", "timezone": "Europe/Amsterdam", **traits}
    now = at("2026-03-02T09:00")
    found = verdict(InForce(policy, 1, CALENDAR), message("snd_1", now), Ledger(reads={17: 6}), now, **person)
    assert (found.until if isinstance(found, Held) else None) == (at(until) if until else None)
    if until and not traits:
        assert "learned" in found.gates[-1]["input"]


def test_a_message_whose_moment_is_over_before_it_opens_is_dropped() -> None:
    now = at("2026-03-06T19:00")
    soon = message("snd_1", now, expires_at=to_iso(now + timedelta(hours=8)))
    found = verdict(hours(), soon, Ledger(), now, country="NL")
    assert isinstance(found, Skip)
    assert found.reason == "closed_hours"


def test_a_policy_under_which_somebody_can_never_be_written_to_is_seen() -> None:
    assert never_open(hours()) == []
    assert never_open(hours(unknown=None)) == [""]
    narrow = {"countries": {"US": {"days": {"mon": "09:00-10:00"}}}}
    assert never_open(hours(**narrow, unknown="US")) == ["US", ""]


def test_holidays_and_zones_are_those_of_the_libraries() -> None:
    found = look_up(["NL", "US"], [2026])
    assert "2026-04-27" in found.holidays["NL"]
    assert "2026-07-04" in found.holidays["US"] or "2026-07-03" in found.holidays["US"]
    assert found.zones["NL"] == ("Europe/Amsterdam",)
    assert len(found.zones["US"]) > 10
    assert len(look_up((), ()).zones) > 200
