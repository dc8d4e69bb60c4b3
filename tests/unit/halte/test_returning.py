"""Who returns: fitted on the CDNOW customers of 1997, checked on what they did in 1998."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from halte.analysis.returning import Purchases, check, fit, inactive, looks, purchases, returned
from halte.analysis.training import Unlearnable
from local.cdnow import read_orders
from services.ingest.domain.happenings import Happening
from services.scoring.domain.analysis.evidence import Share
from services.scoring.domain.analysis.reactivation import ReactivationModel, ranked
from tests.support.real_data import CDNOW_ORDERS, present

NEW_YEAR = datetime(1998, 1, 1, tzinfo=UTC)
HORIZON = 181
"""From New Year to the end of the data, 1998-06-30."""

FIT = NEW_YEAR - timedelta(days=HORIZON)
INACTIVE = 90


@pytest.fixture(scope="module")
def bought() -> Purchases:
    orders = read_orders(present(CDNOW_ORDERS).read_text())
    return purchases(
        (Happening(o.customer, o.at, "Order Completed", o.cents / 100) for o in orders), "Order Completed"
    )


@pytest.fixture(scope="module")
def model(bought: Purchases) -> ReactivationModel:
    known = {person: [one for one in orders if one[0] < NEW_YEAR] for person, orders in bought.items()}
    return fit("win-back", known, FIT, inactive_days=INACTIVE, horizon=HORIZON)


@pytest.mark.capability("000-12")
def test_who_returned_in_1998_was_predicted_in_1997(bought: Purchases, model: ReactivationModel) -> None:
    found = check(model, bought, NEW_YEAR, INACTIVE)

    assert found is not None
    assert found.returned == Share(2_856, 19_394)
    assert found.predicted == pytest.approx(found.returned.hits, rel=0.15), "calibrated in the large"
    assert found.area > found.area_recency + 0.005
    assert found.area > 0.72
    predicted, true = zip(*found.fifths, strict=True)
    assert list(predicted) == sorted(predicted)
    assert list(true) == sorted(true)
    for expected, came in found.fifths[:4]:
        assert expected == pytest.approx(came, abs=0.015)


@pytest.mark.capability("000-12")
def test_the_best_tenth_by_value_brings_more_than_the_most_recent_tenth(
    bought: Purchases, model: ReactivationModel
) -> None:
    away = inactive(bought, NEW_YEAR, INACTIVE, margin=0.3)
    spent = {
        person: sum(amount for at, amount in orders if at > NEW_YEAR) for person, orders in bought.items()
    }
    tenth = len(away) // 10

    by_value = [one.person for one in ranked(model, away)][:tenth]
    by_recency = [one.person for one in sorted(away, key=lambda one: (one.days, one.person))][:tenth]

    assert sum(spent[p] for p in by_value) > 1.05 * sum(spent[p] for p in by_recency)


def test_people_as_of_a_day() -> None:
    day = datetime(2026, 3, 1, tzinfo=UTC)
    told = [
        Happening("ann", day - timedelta(days=20), "Order Completed", 10.0),
        Happening("ann", day - timedelta(days=5), "Order Completed", 30.0),
        Happening("ann", day + timedelta(days=9), "Order Completed", 5.0),
        Happening("ann", day - timedelta(days=1), "Page Viewed"),
        Happening("bob", day + timedelta(days=1), "Order Completed", 10.0),
    ]
    bought = purchases(reversed(told), "Order Completed")

    (ann,) = looks(bought, day)

    assert (ann.days, ann.features, ann.basket) == (5.0, {"orders": 2.0, "revenue": 40.0}, 20.0)
    assert returned(bought, [ann], day, 9) == [True]
    assert returned(bought, [ann], day, 8) == [False]
    assert [one.margin for one in inactive(bought, day, 5, margin=0.25)] == [5.0]
    assert inactive(bought, day, 6, margin=0.25) == []


def test_when_absence_makes_people_return_there_is_no_model() -> None:
    day = datetime(2026, 3, 1, tzinfo=UTC)
    bought: dict[str, list[tuple[datetime, float]]] = {}
    for n in range(400):
        orders = [(day - timedelta(days=n % 200 + 1, hours=k), 10.0) for k in range(n % 3 + 1)]
        back = [(day + timedelta(days=3), 10.0)] if n % 200 > 150 else []
        bought[f"p{n}"] = sorted(orders) + back

    with pytest.raises(Unlearnable, match="no_relation"):
        fit("m", bought, day, inactive_days=60, horizon=30)
