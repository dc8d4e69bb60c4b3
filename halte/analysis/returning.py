"""Who returns: a reactivation model fitted on what the inactive of an earlier day did since."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from halte.analysis.training import LEAST_SUPPORT, Report, Unlearnable, newton, train
from services.ingest.domain.happenings import Happening
from services.scoring.domain.analysis.evidence import Share, area_under_curve
from services.scoring.domain.analysis.reactivation import LEAST_WEIGHT, Inactive, ReactivationModel

FEATURES = ("orders", "revenue")
"""What likeness is measured by, by the names of facts, so that scoring can ask for them too: it may not hold how long
somebody is away."""

DAY = timedelta(days=1)

Purchases = Mapping[str, Sequence[tuple[datetime, float]]]
"""Of each person the instants and amounts of their orders, oldest first."""


@dataclass(frozen=True)
class Look:
    """A customer as of a day: days since the last order, features, the average order."""

    person: str
    days: float
    features: Mapping[str, float]
    basket: float


@dataclass(frozen=True)
class Outcome:
    """Of the inactive of a day: who returned within the horizon, how many were predicted, how well they were ranked
    (area under the curve) by the model and by recency alone, and in fifths, the least probable first, the predicted and
    the true share."""

    returned: Share
    predicted: float
    area: float
    area_recency: float
    fifths: tuple[tuple[float, float], ...]


def purchases(happenings: Iterable[Happening], order: str) -> Purchases:
    """The orders among what happened: events of the name `order`."""
    found: dict[str, list[tuple[datetime, float]]] = {}
    for one in happenings:
        if one.name == order:
            found.setdefault(one.person, []).append((one.at, one.amount))
    return {person: sorted(orders) for person, orders in sorted(found.items())}


def looks(bought: Purchases, day: datetime) -> list[Look]:
    """Everybody who had bought by then."""
    found = []
    for person, orders in bought.items():
        before = [order for order in orders if order[0] <= day]
        if before:
            spent = sum(amount for _, amount in before)
            features = {"orders": float(len(before)), "revenue": round(spent, 2)}
            found.append(Look(person, (day - before[-1][0]) / DAY, features, spent / len(before)))
    return found


def returned(bought: Purchases, people: Sequence[Look], day: datetime, horizon: int) -> list[bool]:
    """Of each of `people`, whether they bought in the days after `day`."""
    end = day + horizon * DAY
    return [any(day < at <= end for at, _ in bought[one.person]) for one in people]


def fit(
    name: str,
    bought: Purchases,
    day: datetime,
    *,
    inactive_days: int,
    horizon: int,
    report: Report = lambda done: None,
) -> ReactivationModel:
    """The model from everybody as of `day`, and what the inactive among them did in the days of the horizon after it.

    Raises:
        Unlearnable: too few were active, inactive, returned or didn't, or recency or likeness say the opposite of what
            they should (`no_relation`).
    """
    everybody = looks(bought, day)
    features = [one.features for one in everybody]
    active = train(
        "active", "active", features, [one.days < inactive_days for one in everybody], FEATURES, report
    )
    away = [one for one in everybody if one.days >= inactive_days]
    came = returned(bought, away, day, horizon)
    if min(sum(came), len(came) - sum(came)) < LEAST_SUPPORT:
        raise Unlearnable(
            "too_few_answers", f"of the inactive at least {LEAST_SUPPORT} must return, and not return"
        )
    design = [((0, 1.0), (1, -math.log1p(one.days)), (2, active.logit(one.features))) for one in away]
    intercept, recency, likeness = newton(design, came, 3)
    if min(recency, likeness) < LEAST_WEIGHT:
        raise Unlearnable("no_relation", "the more recent or the more alike do not return more often here")
    return ReactivationModel(
        name=name,
        horizon_days=horizon,
        intercept=round(intercept, 6),
        recency=round(recency, 6),
        likeness=round(likeness, 6),
        active=active,
    )


def inactive(bought: Purchases, day: datetime, inactive_days: int, margin: float) -> list[Inactive]:
    """Who is away on a day for so many days or more; `margin` is the share of an order that is left as margin."""
    return [
        Inactive(one.person, one.days, one.features, one.basket * margin)
        for one in looks(bought, day)
        if one.days >= inactive_days
    ]


def check(model: ReactivationModel, bought: Purchases, day: datetime, inactive_days: int) -> Outcome | None:
    """What came of the inactive of `day` in the days of the horizon after it; `None` when nobody returned, or all."""
    away = [one for one in looks(bought, day) if one.days >= inactive_days]
    came = returned(bought, away, day, model.horizon_days)
    if sum(came) in (0, len(came)):
        return None
    chances = [model.probability(one.days, one.features) for one in away]
    order = sorted(range(len(away)), key=lambda n: (chances[n], away[n].person))
    fifths = [order[len(order) * n // 5 : len(order) * (n + 1) // 5] for n in range(5)]
    return Outcome(
        returned=Share(sum(came), len(came)),
        predicted=math.fsum(chances),
        area=area_under_curve(chances, came),
        area_recency=area_under_curve([-one.days for one in away], came),
        fifths=tuple(
            (math.fsum(chances[n] for n in fifth) / len(fifth), sum(came[n] for n in fifth) / len(fifth))
            for fifth in fifths
            if fifth
        ),
    )
