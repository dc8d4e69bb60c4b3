"""Churn risk: each state, since when and why; what time alone will do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.analysis.churn import Behaviour, Rules, assess

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def day(number: float) -> datetime:
    return START + number * DAY


def days(*numbers: float) -> list[datetime]:
    return [day(number) for number in numbers]


EVERY_TEN = Behaviour(orders=days(0, 10, 20, 30))
"""Lost after 60 days of silence, silent from 30, slower from 20."""


@pytest.mark.parametrize(
    ("behaviour", "now", "state", "score", "shown", "since"),
    [
        (Behaviour(opens=days(1)), 5, "no_customer", 0, [], None),
        (EVERY_TEN, 31, "active", 0, [], 0),
        (EVERY_TEN, 50, "active", 40, ["slower"], 0),
        (EVERY_TEN, 60, "at_risk", 60, ["silent"], 60),
        (EVERY_TEN, 89, "at_risk", 60, ["silent"], 60),
        (EVERY_TEN, 90, "lost", 100, ["silent"], 90),
        (replace(EVERY_TEN, complaints=days(45)), 52, "at_risk", 70, ["slower", "complaint"], 50),
        (replace(EVERY_TEN, unsubscribed=days(32), complaints=days(33)), 34, "at_risk", 60, None, 33),
        (replace(EVERY_TEN, complaints=days(33)), 34, "active", 30, ["complaint"], 0),
        (replace(EVERY_TEN, closed=days(35)), 36, "lost", 100, ["closed"], 35),
        (Behaviour(orders=days(0, 10, 20, 30, 100), closed=days(35)), 101, "active", 0, [], 100),
    ],
)
def test_each_state_has_its_date_and_reason(
    behaviour: Behaviour, now: float, state: str, score: int, shown: list[str] | None, since: float | None
) -> None:
    risk = assess(behaviour, day(now))

    assert (risk.state, risk.score) == (state, score)
    assert risk.since == (None if since is None else day(since))
    if shown is not None:
        assert [one.name for one in risk.indicators] == shown
    assert all(one.reason for one in risk.indicators)


def test_the_reason_says_how_long_against_the_own_rhythm() -> None:
    (silent,) = assess(EVERY_TEN, day(70)).indicators

    assert silent.reason == "no order since 2026-01-31, 4.0 times the usual 10 days"


def test_the_same_silence_is_nothing_for_who_buys_seldom() -> None:
    seldom = Behaviour(orders=days(0, 90, 180))

    assert assess(seldom, day(240)).state == "active"
    assert assess(EVERY_TEN, day(90)).state == "lost"


def test_who_has_no_habit_yet_is_measured_by_everybodys() -> None:
    once, rules = Behaviour(orders=days(0)), Rules(usual=timedelta(days=30))

    assert assess(once, day(89), rules).state == "active"
    assert assess(once, day(90), rules).state == "at_risk"
    assert assess(once, day(180), rules).state == "lost"


def test_opens_less_than_before() -> None:
    sends = days(*range(0, 240, 10))
    reader = Behaviour(orders=days(0, 80, 160), sends=sends, opens=[at for at in sends if at < day(180)])

    keen, tired = assess(reader, day(179)), assess(reader, day(225))

    assert keen.indicators == ()
    assert [(one.name, one.reason) for one in tired.indicators] == [
        ("fewer_opens", "opens 17% of messages, 100% before")
    ]


def test_orders_of_a_day_are_one_visit() -> None:
    twice = Behaviour(orders=days(0, 0.1, 10, 10.1, 20, 20.1))

    assert assess(twice, day(39)).indicators == ()


instants = st.lists(st.integers(0, 400).map(lambda hours: day(hours / 2)), max_size=8)
behaviours = st.builds(
    Behaviour,
    orders=instants,
    complaints=instants,
    unsubscribed=instants,
    sends=instants,
    opens=instants,
    closed=st.lists(st.integers(0, 200).map(day), max_size=1),
)


@given(behaviours, st.integers(0, 2000).map(lambda half: day(half / 4)), st.floats(0, 1))
@settings(max_examples=100)
def test_a_state_holds_from_since_until_due_if_nothing_happens(
    behaviour: Behaviour, now: datetime, part: float
) -> None:
    risk = assess(behaviour, now)
    known = {name: [at for at in instants if at <= now] for name, instants in vars(behaviour).items()}
    frozen = Behaviour(**known)

    end = risk.due or now + 4000 * DAY
    assert assess(frozen, now + (end - now) * part * 0.999999).state == risk.state
    if risk.due:
        assert assess(frozen, risk.due).state != risk.state
    if risk.since:
        assert assess(behaviour, risk.since + (now - risk.since) * part).state == risk.state
        assert assess(behaviour, risk.since - timedelta(microseconds=1)).state != risk.state


@given(behaviours)
@settings(max_examples=50)
def test_the_order_of_arrival_makes_no_difference(behaviour: Behaviour) -> None:
    shuffled = {name: list(reversed(instants)) for name, instants in vars(behaviour).items()}

    assert assess(Behaviour(**shuffled), day(150)) == assess(behaviour, day(150))
