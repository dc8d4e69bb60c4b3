"""What runs at the same time: so many current campaigns and journeys at most, base ones beside them, and those that
wait for a place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from services.journeys.domain.parts import Part
from services.shared.errors import Conflict

Class = Literal["base", "current"]

VACANT = timedelta(minutes=15)
"""How long a place is kept for something that was not published after all, because its publisher died or was
refused."""


MISSING = "CurrentCampaignsMissing"
"""A metric: how many current campaigns are missing."""


class Limits(Part):
    """`most_current` and `most_base` live at most; fewer than `least_current` raises the alarm; more than
    `advise_above` in all is shown with what they do to each other."""

    most_current: Annotated[int, Field(ge=1, le=1000)] = 8
    most_base: Annotated[int, Field(ge=0, le=1000)] = 4
    least_current: Annotated[int, Field(ge=0, le=1000)] = 3
    advise_above: Annotated[int, Field(ge=0, le=1000)] = 10


@dataclass(frozen=True)
class Seat:
    """The place of a journey."""

    name: str
    class_: Class
    since: datetime


@dataclass(frozen=True)
class Queued:
    """Something that is to be published as soon as there is a place: the document of a `journey` or a `campaign`;
    unless there was a `problem` when its turn came."""

    name: str
    kind: Literal["journey", "campaign"]
    class_: Class
    raw: Mapping[str, Any]
    at: datetime
    problem: str = ""


@dataclass(frozen=True)
class Portfolio:
    """All places that are taken, by journey, and the queue, first come first."""

    limits: Limits = field(default_factory=Limits)
    seats: Mapping[str, Seat] = field(default_factory=dict)
    queue: tuple[Queued, ...] = ()
    revision: int = 0

    def count(self, class_: Class) -> int:
        """How many places of a class are taken."""
        return sum(seat.class_ == class_ for seat in self.seats.values())

    def room(self, class_: Class) -> bool:
        """Is there another place?"""
        most = self.limits.most_current if class_ == "current" else self.limits.most_base
        return self.count(class_) < most

    @property
    def missing(self) -> int:
        """How many current ones are missing: those below `least_current`."""
        return max(self.limits.least_current - self.count("current"), 0)


def seated(portfolio: Portfolio, name: str, class_: Class, now: datetime) -> Portfolio:
    """With a place for `name`. It keeps one that it has in its class; when it changes class, it must find another.

    Raises:
        Conflict: `portfolio_full`.
    """
    held = portfolio.seats.get(name)
    if held is not None and held.class_ == class_:
        return replace(portfolio, queue=_without(portfolio, name))
    if not portfolio.room(class_):
        most = portfolio.limits.most_current if class_ == "current" else portfolio.limits.most_base
        raise Conflict(
            "portfolio_full", f"{portfolio.count(class_)} {class_} campaigns are live, {most} may be"
        )
    seats = {**portfolio.seats, name: Seat(name, class_, now)}
    return replace(portfolio, seats=seats, queue=_without(portfolio, name))


def queued(portfolio: Portfolio, one: Queued) -> Portfolio:
    """With `one` at the end of the queue, or where it waits already."""
    waiting = [each.name for each in portfolio.queue]
    if one.name not in waiting:
        return replace(portfolio, queue=(*portfolio.queue, one))
    return replace(portfolio, queue=tuple(one if each.name == one.name else each for each in portfolio.queue))


def vacated(
    portfolio: Portfolio, published: Collection[str], over: Collection[str], now: datetime
) -> Portfolio:
    """Without those that are `over`, and without those that nobody published after all."""
    seats = {
        name: seat
        for name, seat in portfolio.seats.items()
        if name not in over and (name in published or now - seat.since < VACANT)
    }
    return replace(portfolio, seats=seats)


def unqueued(portfolio: Portfolio, name: str) -> Portfolio:
    """Without `name` in the queue."""
    return replace(portfolio, queue=_without(portfolio, name))


def next_up(portfolio: Portfolio) -> list[Queued]:
    """Those for whom there is a place, in the order in which they wait; nobody is overtaken by one of their
    class."""
    found: list[Queued] = []
    taken = {"base": portfolio.count("base"), "current": portfolio.count("current")}
    most = {"base": portfolio.limits.most_base, "current": portfolio.limits.most_current}
    for one in portfolio.queue:
        if not one.problem and taken[one.class_] < most[one.class_]:
            taken[one.class_] += 1
            found.append(one)
    return found


def _without(portfolio: Portfolio, name: str) -> tuple[Queued, ...]:
    return tuple(one for one in portfolio.queue if one.name != name)
