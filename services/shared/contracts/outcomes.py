"""What delivery answers about what came of a journey's messages: asked as a direct invocation of the function
`outcomes_function`."""

from __future__ import annotations

from services.shared.contracts.base import Instant, Model


def outcomes_function(stage: str) -> str:
    """The function's name: known without asking, so that nobody waits for the other's deployment."""
    return f"halte-{stage}-delivery-outcomes"


class OutcomesQuestion(Model):
    """The messages of `journey`, counted from the day (UTC) of `since` on."""

    journey: str
    since: Instant


class OutcomesAnswer(Model):
    """How many a provider accepted, and how many of them bounced or were complained about."""

    sent: int = 0
    bounced: int = 0
    complained: int = 0
