"""Report of the inactive: everybody is counted once, and the totals add up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.cdnow import read_orders
from services.scoring.domain.analysis.evidence import Share
from services.scoring.domain.analysis.inactives import Cohort, Customer, report
from tests.support.real_data import CDNOW_ORDERS, present

DAY = timedelta(days=1)
START = datetime(2026, 1, 15, tzinfo=UTC)
NOW = START + 200 * DAY


def person(name: str, joined: int, *orders: int) -> Customer:
    return Customer(name, START + joined * DAY, [START + day * DAY for day in orders])


def test_figures_by_hand() -> None:
    people = [
        person("never bought", 0),
        person("converted", 3, 210),
        person("converted too late", 3, 291),
        person("inactive", 5, 10),
        person("inactive to the day", 5, 110),
        person("reactivated", 40, 50, 290),
        person("active", 40, 111),
        person("active, bought again", 41, 150, 201),
        person("came later", 201, 210),
    ]

    found = report(people, NOW, inactive_after=90 * DAY, period=90 * DAY)

    assert found.cohorts == (
        Cohort("2026-01", prospects=Share(1, 3), inactive=Share(0, 2)),
        Cohort("2026-02", inactive=Share(1, 1), active=Share(1, 2)),
    )
    assert found.total == Cohort("", Share(1, 3), Share(1, 3), Share(1, 2))
    assert found.total.share_inactive == Share(3, 5)
    assert found.p == 1.0


customers = st.lists(
    st.builds(
        Customer,
        person=st.uuids().map(str),
        joined=st.integers(0, 300).map(lambda n: START + n * DAY),
        orders=st.lists(st.integers(0, 400).map(lambda n: START + n * DAY), max_size=4),
    ),
    max_size=30,
)


@pytest.mark.capability("000-16")
@given(customers, st.integers(1, 200), st.integers(1, 200))
@settings(max_examples=80)
def test_totals_add_up(people: list[Customer], inactive_days: int, period_days: int) -> None:
    found = report(people, NOW, inactive_days * DAY, period_days * DAY)

    total = found.total
    assert (
        sum(row.people for row in found.cohorts) == total.people == sum(one.joined <= NOW for one in people)
    )
    for part in ("prospects", "inactive", "active"):
        shares = [getattr(row, part) for row in found.cohorts]
        assert sum(s.hits for s in shares) == getattr(total, part).hits <= getattr(total, part).of
        assert sum(s.of for s in shares) == getattr(total, part).of
    end = NOW + period_days * DAY
    bought = sum(one.joined <= NOW and any(NOW < at <= end for at in one.orders) for one in people)
    assert total.prospects.hits + total.inactive.hits + total.active.hits == bought
    assert report(people[::-1], NOW, inactive_days * DAY, period_days * DAY) == found


@pytest.mark.capability("000-16")
def test_the_customers_of_cdnow() -> None:
    """From the file: by 1998-01-01 19,394 have not bought for 90 days, of whom 2,856 buy in the half year after."""
    orders: dict[str, list[datetime]] = {}
    for order in read_orders(present(CDNOW_ORDERS).read_text()):
        orders.setdefault(order.customer, []).append(order.at)
    people = [Customer(name, min(bought), bought) for name, bought in orders.items()]

    found = report(people, datetime(1998, 1, 1, tzinfo=UTC), 90 * DAY, 181 * DAY)

    assert [row.month for row in found.cohorts] == ["1997-01", "1997-02", "1997-03"]
    assert found.total.people == 23_570
    assert found.total.inactive == Share(2_856, 19_394)
    assert found.total.active.hits + found.total.inactive.hits == 23_570 - 18_196
    assert found.total.prospects == Share(0, 0)
