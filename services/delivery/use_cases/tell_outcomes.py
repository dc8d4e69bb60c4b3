"""What came of a journey's messages, for whoever decides whether more of them go out."""

from __future__ import annotations

from datetime import timedelta

from services.delivery.ports.reports import Counters
from services.shared.clock import Clock
from services.shared.contracts.outcomes import OutcomesAnswer, OutcomesQuestion

MOST_DAYS = 60


class TellOutcomes:
    """Adds up the rows of days."""

    def __init__(self, counters: Counters, clock: Clock) -> None:
        self._counters = counters
        self._clock = clock

    def answer(self, question: OutcomesQuestion) -> OutcomesAnswer:
        """From the day of `since` until now.

        Raises:
            ValueError: it is too long ago.
        """
        first, today = question.since.date(), self._clock.now().date()
        days = (today - first).days + 1
        if days > MOST_DAYS:
            raise ValueError(f"since: must be at most {MOST_DAYS} days ago")
        sums = {"sent": 0, "bounced": 0, "complained": 0}
        for n in range(days):
            for row in self._counters.of_day(question.journey, first + timedelta(days=n)):
                for name in sums:
                    sums[name] += row.numbers.get(name, 0)
        return OutcomesAnswer(**sums)
