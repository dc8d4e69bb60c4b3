"""Splits that learn: who came to which arm, who of them reached the journey's goal, and which arm does best. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.journeys.domain.document import Document
from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.nodes import Share, Split
from services.journeys.domain.signals import GOAL


@dataclass(frozen=True)
class Contest:
    """A split of a version."""

    journey: str
    version: int
    node: str


@dataclass(frozen=True)
class Score:
    """One walk came to an arm, or (`reached`) reached the goal by it. It counts once, however often it is told."""

    contest: Contest
    arm: str
    enrolment_id: str
    reached: bool


@dataclass(frozen=True)
class Tally:
    """How many came to an arm, and how many of them reached the goal."""

    came: int
    reached: int


def scores(document: Document, before: Enrolment | None, after: Enrolment) -> Iterator[Score]:
    """What one write to a walk means to the splits that look for a winner. A walk that was taken over from another
    profile came to its arms as that profile."""
    ended = not after.active and (before is None or before.active)
    for node_id, split in document.of_type(Split):
        arm = after.memory.arms.get(node_id)
        if split.winner is None or arm is None or (before is None and after.absorbed):
            continue
        contest = Contest(after.journey, after.version, node_id)
        if before is None or node_id not in before.memory.arms:
            yield Score(contest, arm, after.enrolment_id, reached=False)
        if ended and after.reason == GOAL:
            yield Score(contest, arm, after.enrolment_id, reached=True)


def contenders(split: Split) -> list[Share]:
    """The arms that may win: a control group is no way to meet people."""
    return [arm for arm in split.arms if not arm.holdout]


def is_time(split: Split, published_at: datetime, at: datetime) -> bool:
    """Is it time to look for the arm that does best, for those who come at `at`?"""
    return split.winner is not None and at >= published_at + split.winner.after


def best(split: Split, tallies: Mapping[str, Tally]) -> str:
    """The arm with the highest share of people who reached the goal (the first, if several have it); empty: too few
    have come to one of the arms that may win."""
    arms = contenders(split)
    least = split.winner.at_least if split.winner else 1
    if not arms or any(tallies[arm.name].came < least for arm in arms):
        return ""
    return max(arms, key=lambda arm: tallies[arm.name].reached / tallies[arm.name].came).name
