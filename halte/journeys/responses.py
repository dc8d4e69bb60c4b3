"""What simulated recipients do with a message, by the rates of the local run's recipients, which are INVENTED."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from halte.journeys.deeds import Deed
from local.recipients import CLICKS_OF_OPENS, OPENS, UNSUBSCRIBES
from services.journeys.domain.nodes import Survey


@dataclass(frozen=True)
class Rates:
    """Of e-mails: the share that is opened, of these the share that is clicked in, the share of commercial ones after
    which permission is taken back; of questions the share that is answered."""

    opens: float = OPENS
    clicks: float = CLICKS_OF_OPENS
    unsubscribes: float = UNSUBSCRIBES
    answers: float = 0.2


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
