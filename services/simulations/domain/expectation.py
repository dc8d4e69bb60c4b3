"""What to expect of a journey: the same people at other seeds do other things, so each figure has an interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, quantiles

from services.simulations.domain.simulation import Outcome

SHARE = 90
"""Percent of the runs that lie between `low` and `high`, which leave out as many below as above."""


@dataclass(frozen=True)
class Expected:
    """A figure of all runs: its mean, and between what it lies in nine of ten."""

    name: str
    mean: float
    low: float
    high: float

    def document(self) -> dict[str, str | float]:
        """As JSON."""
        figures = {"mean": self.mean, "low": self.low, "high": self.high}
        return {"name": self.name, **{name: round(value, 4) for name, value in figures.items()}}

    def shown(self) -> tuple[str, str, str, str]:
        """For people to read: the name, the mean, and from where to where."""
        mean, low, high = (_said(value) for value in (self.mean, self.low, self.high))
        return self.name, mean, low, high


def expected(outcomes: Sequence[Outcome]) -> list[Expected]:
    """Of two runs or more: who walks, what is sent and stopped, what people do with it, and what it costs."""
    runs = [dict(_figures(one)) for one in outcomes]
    names = dict.fromkeys(name for run in runs for name in run)
    return [_of(name, [run.get(name, 0) for run in runs]) for name in names]


def _of(name: str, values: Sequence[float]) -> Expected:
    twentieths = quantiles(values, n=20, method="inclusive")
    return Expected(name, fmean(values), twentieths[0], twentieths[-1])


def _said(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _figures(outcome: Outcome) -> Iterator[tuple[str, float]]:
    yield "people who enter", len(outcome.walkers)
    yield "walks", outcome.entered
    for channel in sorted({channel for _, channel in outcome.sent}):
        yield f"sent by {channel}", sum(n for (_, by), n in outcome.sent.items() if by == channel)
    yield "no permission", sum(n for (_, reason), n in outcome.skipped.items() if reason == "no_consent")
    yield "waited for contact pressure", outcome.held.total()
    yield "dropped by contact pressure", outcome.pressed.total()
    for event, times in sorted(outcome.responses.items()):
        yield f"does {event}", times
    if outcome.cost:
        yield "US dollars", outcome.cost.walking + outcome.cost.mails
