"""Loyal customers against new ones, and what service is worth, on cohorts counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.figures.loyal import Buyer, compare
from services.ingest.domain.figures.service_kpis import Served, months

DAY = datetime(2026, 3, 1, tzinfo=UTC)
PERIOD = timedelta(days=90)


def on(days: float) -> datetime:
    return DAY + timedelta(days=days)


@pytest.mark.capability("000-37")
def test_the_loyal_buy_for_twice_as_much_and_stay() -> None:
    """Two of three orders by the day and more are loyal; a visitor and a later customer are in no group."""
    before = [(on(-30), 5.0), (on(-20), 5.0), (on(-10), 5.0)]
    buyers = [
        Buyer("ann", [*before, (on(10), 40.0), (on(20), 60.0)], [on(5)]),
        Buyer("bob", [*before, (on(90), 20.0)], [on(-5), on(91)]),
        Buyer("cas", [(on(0), 5.0), (on(30), 20.0)]),
        Buyer("dee", [(on(-9), 5.0), (on(91), 999.0)]),
        Buyer("eve", [(on(1), 5.0)]),
        Buyer("fay", []),
    ]
    found = compare(buyers, DAY, PERIOD, loyal_from=3)

    assert (found.loyal.people, found.loyal.basket, found.loyal.frequency) == (2, 40.0, 1.5)
    assert (found.new.people, found.new.basket, found.new.frequency) == (2, 20.0, 0.5)
    assert found.loyal.basket / found.new.basket == 2
    assert (found.loyal.churned.rate, found.new.churned.rate) == (0.0, 0.5)
    assert (found.loyal.referred.hits, found.new.referred.hits) == (1, 0)


@pytest.mark.capability("001-24")
def test_promoters_contacts_avoided_and_hours_saved_by_month() -> None:
    people = [
        Served([(on(1), 10), (on(40), 6)], [on(2), on(20)], [on(5)]),
        Served([(on(2), 9)], [on(3)], []),
        Served([(on(3), 7), (on(41), 8)], [], [on(50)]),
        Served([(on(4), 0)], [on(10)], [on(10)]),
    ]
    march, april = months(people, timedelta(days=7))

    assert (march.month, march.nps, april.nps) == ("2026-03", 25.0, -50.0)
    assert march.nps_interval is not None
    assert march.nps_interval.low < 25 < march.nps_interval.high
    assert (march.self_served, march.avoided, march.contacts) == (4, 3, 2)
    assert march.hours_saved(20) == 1.0
    assert (april.self_served, april.contacts) == (0, 1)


@given(st.lists(st.integers(0, 10), min_size=2, max_size=60))
@settings(max_examples=40)
def test_the_score_lies_in_its_interval(answers: list[int]) -> None:
    (month,) = months([Served([(DAY, answer) for answer in answers])], timedelta(days=1))
    interval = month.nps_interval

    assert interval is not None
    assert month.nps is not None
    assert -100 <= interval.low <= month.nps + 1e-9
    assert month.nps - 1e-9 <= interval.high <= 100
