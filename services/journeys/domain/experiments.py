"""What a split tells: how much more of those who took an arm reached the goal than of its control group, and whether
that may be chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.journeys.domain.figures import Arm
from services.journeys.domain.nodes import Split
from services.shared.statistics import Interval, Share, difference, p_differs

SURE = 0.05
"""Above this probability a difference is taken for chance."""


@dataclass(frozen=True)
class Lift:
    """An arm's rate less the control's; `relative` to the control's rate (`None`: nobody of it reached the goal). `p`
    is Fisher's: how probable so great a difference is by chance."""

    gap: float
    interval: Interval
    relative: float | None
    p: float

    @property
    def significant(self) -> bool:
        """Is it more than chance, by itself?"""
        return self.p <= SURE


def control_of(split: Split) -> list[str]:
    """The arms that the others are held against: holdouts, or the first where there are none."""
    return [arm.name for arm in split.arms if arm.holdout] or [split.arms[0].name]


def share_of(arm: Arm) -> Share:
    """How many of an arm reached the goal. A walk that came to an arm before anything was counted may reach it."""
    return Share(arm.reached, max(arm.came, arm.reached))


def lifts(split: Split, arms: Mapping[str, Arm]) -> dict[str, Lift]:
    """The lift of each arm over the control, by name; none where nobody came to either. Several arms are several
    chances to be wrong, so that `p` is multiplied by their number (Bonferroni)."""
    controls = control_of(split)
    control = sum((share_of(arms[name]) for name in controls), Share(0, 0))
    others = [arm.name for arm in split.arms if arm.name not in controls]
    return {
        name: _lift(share_of(arms[name]), control, len(others))
        for name in others
        if arms[name].came and control.of
    }


def _lift(arm: Share, control: Share, tried: int) -> Lift:
    gap = arm.rate - control.rate
    relative = gap / control.rate if control.hits else None
    return Lift(gap, difference(arm, control), relative, min(1.0, tried * p_differs(arm, control)))
