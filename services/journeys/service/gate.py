"""What publishing asks for besides a valid document: a place in the portfolio, and valid propositions."""

from __future__ import annotations

from services.journeys.domain.document import Document
from services.journeys.domain.portfolio import seated
from services.journeys.domain.propositions import wrong_propositions
from services.journeys.domain.rules.problems import Problem
from services.journeys.ports.planning import Portfolios, Propositions
from services.shared.clock import Clock


class Gate:
    """Decides whether something may be published."""

    def __init__(self, portfolios: Portfolios, propositions: Propositions, clock: Clock) -> None:
        self._portfolios = portfolios
        self._propositions = propositions
        self._clock = clock

    def problems(self, document: Document, product: str | None = None) -> list[Problem]:
        """What is wrong with its propositions, as the matrix stands now."""
        return list(wrong_propositions(document, self._propositions.all(), product, self._clock.now()))

    def admit(self, document: Document) -> None:
        """Take a place for it. Two who come for the last one do not both get it.

        Raises:
            Conflict: `portfolio_full`.
        """
        now = self._clock.now()
        self._portfolios.change(lambda one: seated(one, document.name, document.portfolio, now))
