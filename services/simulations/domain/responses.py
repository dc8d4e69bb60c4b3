"""What simulated recipients do with a message, by rates."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from services.journeys.domain.nodes import Survey
from services.simulations.domain.deeds import Deed
from services.simulations.domain.rates import Rates


def reactions(
    rates: Rates,
    chance: random.Random,
    who: str,
    at: datetime,
    channel: str,
    *,
    purpose: str,
    survey: Survey | None,
) -> Iterator[Deed]:
    """What somebody does with a message of `at`; `purpose` is empty for a service message."""
    read = at + timedelta(hours=chance.uniform(0.2, 20))
    opened, clicked = chance.random() < rates.opens, chance.random() < rates.clicks
    leaves, answers = chance.random() < rates.unsubscribes, chance.random() < rates.answers
    if channel == "email" and opened:
        yield Deed(read, who, "Email Opened")
        if clicked:
            yield Deed(read + timedelta(minutes=2), who, "Email Link Clicked")
    if purpose and channel == "email" and leaves:
        yield Deed(read + timedelta(minutes=3), who, "Unsubscribed", purpose=purpose)
    if survey and answers:
        best = 10 if survey.question == "nps" else 5
        # More people are content than not.
        score = round(best * chance.betavariate(3, 1.2))
        said = {"survey": survey.survey, "score": max(score, 0 if best == 10 else 1)}
        yield Deed(read + timedelta(minutes=4), who, "Survey Answered", said)
