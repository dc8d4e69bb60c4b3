"""What simulations that are asked for over the API need from outside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from services.journeys.domain.simulating import Question
from services.shared.contracts.given import DefinitionsAnswer, WordingsAnswer


class Simulations(Protocol):
    """Questions and answers by their id; each goes after a week."""

    def get(self, id: str) -> Question | None:
        """One of them; its `state` is that of the question."""
        ...

    def ask(self, question: Question) -> bool:
        """Keep a question, if it still is in its `state` (`""`: not there). `False`: somebody else did."""
        ...


class Given(Protocol):
    """What marketers gave scoring and delivery."""

    def definitions(self, names: Iterable[tuple[str, str]]) -> DefinitionsAnswer:
        """Definitions by kind, as conditions call it, and name; with all that these refer to."""
        ...

    def wordings(self, templates: Iterable[str]) -> WordingsAnswer:
        """Of what class templates are, and the policy of contact pressure."""
        ...


class Simulators(Protocol):
    """Whoever works simulations out."""

    def send(self, id: str) -> None:
        """Have one worked out, soon; twice is the same as once."""
        ...
