"""Next best action: which proposition to make to a person, and for each how probable the answer, at what hour, in which
tone and over which channel, with the reasons.

What a person did themselves is mixed with what everybody did: so much of everybody as `PRIOR` reactions of their own.
Who never reacted gets everybody's hour; who reacted a hundred times gets their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.scoring.domain.analysis.evidence import NOBODY, Share
from services.scoring.domain.analysis.response import ResponseModel

PRIOR = 10
"""Reactions of one's own that weigh as much as everybody's together."""

USUAL_HOUR = 10
"""When nobody has reacted to anything yet."""

SHOWN = 3
"""Features named in a reason."""


@dataclass(frozen=True)
class Proposition:
    """Something to propose: what it brings in cents if it is taken, by which model to expect that, and the tones it is
    written in, the first one the default."""

    name: str
    margin: int
    model: ResponseModel
    tones: tuple[str, ...] = ("neutral",)


@dataclass(frozen=True)
class Habits:
    """Opens, clicks and visits by local hour (0 to 23), and of each tone the answers among the messages sent."""

    hours: Mapping[int, int] = field(default_factory=dict)
    tones: Mapping[str, Share] = field(default_factory=dict)


@dataclass(frozen=True)
class Channel:
    """A way to a person; channels are given in the order they prefer."""

    name: str
    permitted: bool
    reachable: bool


@dataclass(frozen=True)
class Person:
    """What is known of somebody: features for the models, habits, and channels as they prefer them."""

    person: str
    features: Mapping[str, Any]
    habits: Habits = Habits()
    channels: tuple[Channel, ...] = ()


@dataclass(frozen=True)
class Action:
    """To make `proposition` to `person`: `cents` = `propensity` (0 to 1) times the margin. `channel` is `None` when
    none is permitted and reachable. `reasons` are of propensity, hour, tone and channel."""

    proposition: str
    person: str
    propensity: float
    cents: float
    hour: int
    tone: str
    channel: str | None
    reasons: tuple[str, str, str, str]


def action(proposition: Proposition, person: Person, everybody: Habits) -> Action:
    """What to do for one proposition and one person."""
    propensity = proposition.model.score(person.features)
    hour, hour_reason = _hour(person.habits, everybody)
    tone, tone_reason = _tone(proposition.tones, person.habits, everybody)
    channel, channel_reason = _channel(person.channels)
    parts = [one for one in proposition.model.explain(person.features)[:SHOWN] if one.weight]
    because = ", ".join(f"{one.feature} {one.value} {one.weight:+.2f}" for one in parts) or "as everybody"
    return Action(
        proposition=proposition.name,
        person=person.person,
        propensity=propensity,
        cents=propensity * proposition.margin,
        hour=hour,
        tone=tone,
        channel=channel,
        reasons=(f"{propensity:.1%}: {because}", hour_reason, tone_reason, channel_reason),
    )


def next_best(propositions: Iterable[Proposition], person: Person, everybody: Habits) -> list[Action]:
    """What to do for a person, the best first."""
    return best_first(action(one, person, everybody) for one in propositions)


def best_first(actions: Iterable[Action]) -> list[Action]:
    """What can be sent before what can't, then by the margin to expect, then by name."""
    return sorted(actions, key=lambda one: (one.channel is None, -one.cents, one.proposition))


def audience(
    proposition: Proposition, people: Iterable[Person], everybody: Habits, cost: float = 0.0
) -> list[Action]:
    """The right people for a proposition: those from whom more is to be expected than making it costs (in cents), and
    who can be reached; the best first."""
    actions = (action(proposition, person, everybody) for person in people)
    worth = [one for one in actions if one.channel is not None and one.cents > cost]
    return sorted(worth, key=lambda one: (-one.cents, one.person))


def _hour(own: Habits, everybody: Habits) -> tuple[int, str]:
    """The hour with most of own reactions, everybody's mixed in; the earliest of several."""
    mine, all_of_them = sum(own.hours.values()), sum(everybody.hours.values())
    if not mine and not all_of_them:
        return USUAL_HOUR, f"{USUAL_HOUR}:00: nobody has reacted yet"

    def weight(hour: int) -> float:
        usual = everybody.hours.get(hour, 0) / all_of_them if all_of_them else 0.0
        return own.hours.get(hour, 0) + PRIOR * usual

    best = max(range(24), key=lambda hour: (weight(hour), -hour))
    return (
        best,
        f"{best}:00: {own.hours.get(best, 0)} of {mine} own reactions, {everybody.hours.get(best, 0)} of "
        + (f"{all_of_them} of everybody's"),
    )


def _tone(tones: Sequence[str], own: Habits, everybody: Habits) -> tuple[str, str]:
    """The tone with the best share of answers, everybody's mixed in; the first of several."""

    def share(tone: str) -> float:
        mine, usual = own.tones.get(tone, NOBODY), everybody.tones.get(tone, NOBODY)
        return (mine.hits + PRIOR * usual.rate) / (mine.of + PRIOR)

    best = max(tones, key=lambda tone: (share(tone), -tones.index(tone)))
    mine, usual = own.tones.get(best, NOBODY), everybody.tones.get(best, NOBODY)
    return best, f"{best}: {mine.hits} of {mine.of} own answers, {usual.hits} of {usual.of} of everybody's"


def _channel(channels: Sequence[Channel]) -> tuple[str | None, str]:
    """The first one that is permitted and reachable."""
    passed: list[str] = []
    for one in channels:
        if one.permitted and one.reachable:
            return one.name, "; ".join((*passed, f"{one.name}: permitted and reachable"))
        passed.append(f"{one.name}: {'not reachable' if one.permitted else 'no permission'}")
    return None, "; ".join(passed) or "no channel is known"
