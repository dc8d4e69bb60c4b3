"""A simulation as a page that a marketer can look at: the journey with its numbers, people and messages day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from html import escape

from local.markup import page, table
from local.pictures import inline
from services.journeys.domain.diagram import label
from services.journeys.domain.document import Document
from services.simulations.domain.expectation import Expected
from services.simulations.domain.simulation import Outcome

BAR, HEIGHT = 6, 100


def simulated(document: Document, outcome: Outcome, svg: str, expected: Sequence[Expected] = ()) -> str:
    """The page; `svg` is the picture of the outcome's `dot`, `expected` what several runs let expect."""
    said = f"The nodes of {document.title}, the paths between them, and how many took each"
    return page(
        f"What if: {document.title}",
        f"<p>{outcome.people:,} people did {outcome.deeds:,} things. {outcome.entered:,} walks of "
        f"{len(outcome.walkers):,} people; {outcome.under_way:,} are still under way.</p>"
        f'<div class="wide" role="region" aria-label="Picture" tabindex="0">{inline(svg, said)}</div>'
        + "<h2>Messages a day</h2>"
        + _charts({channel: f"by {channel}" for _, channel in outcome.by_day}, outcome.by_day, _days(outcome))
        + "<h2>Messages that contact pressure stopped, day by day</h2>"
        + _charts(
            {why: f"stopped: {why}" for _, why in outcome.pressed_by_day},
            outcome.pressed_by_day,
            _days(outcome),
        )
        + "<h2>People at the end of each day</h2>"
        + _charts({n: label(document, n) for n in document.nodes}, outcome.standing, _days(outcome))
        + table("What came of it", ("what", "which", "how", "times"), outcome.rows())
        + _expected(expected),
        pages=False,
    )


def _expected(figures: Sequence[Expected]) -> str:
    if not figures:
        return ""
    head = ("what", "mean", "at least", "at most")
    return table("What to expect, and in nine of ten runs", head, [one.shown() for one in figures])


def _days(outcome: Outcome) -> list[date]:
    days = [day for day, _ in [*outcome.standing, *outcome.by_day, *outcome.pressed_by_day]]
    if not days:
        return []
    return [min(days) + timedelta(days=n) for n in range((max(days) - min(days)).days + 1)]


def _charts(titles: Mapping[str, str], counts: Mapping[tuple[date, str], int], days: list[date]) -> str:
    found = [_chart(titles[one], [counts.get((day, one), 0) for day in days], days) for one in sorted(titles)]
    return "".join(found) or "<p>None.</p>"


def _chart(title: str, numbers: list[int], days: list[date]) -> str:
    """A bar a day, and in words what matters of them. Where there is nothing to see there is nothing."""
    most = max(numbers, default=0)
    if not most:
        return ""
    busiest = days[numbers.index(most)]
    said = f"{escape(title)}: at most {most:,} (on {busiest}), {numbers[-1]:,} on the last day, {days[-1]}"
    bars = "".join(
        f'<rect x="{BAR * place}" y="{HEIGHT - height:.4g}" width="{BAR - 1}" height="{height:.4g}"/>'
        for place, number in enumerate(numbers)
        if (height := HEIGHT * number / most)
    )
    box = f"0 0 {BAR * len(days)} {HEIGHT}"
    return (
        f"<figure><figcaption>{said}</figcaption>"
        f'<svg aria-hidden="true" viewBox="{box}" preserveAspectRatio="none">{bars}</svg></figure>'
    )
