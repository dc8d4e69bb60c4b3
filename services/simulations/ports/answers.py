"""What working simulations out needs from outside."""

from __future__ import annotations

from typing import Protocol

from services.journeys.domain.simulating import Question, Told


class Answers(Protocol):
    """Questions, and where what becomes of them is told."""

    def question(self, id: str) -> Question | None:
        """One, in the `state` of its answer; `None`: it is kept no longer."""
        ...

    def tell(self, id: str, told: Told, state: str | None = None) -> bool:
        """Say what became of it, if that is still what `state` says (`None`: whatever it is); `False`: it is not."""
        ...
