"""What ingest answers about whom an identifier stands for: asked by a service that is called about one person, as a
direct invocation of the function `who_function`."""

from __future__ import annotations

from services.shared.contracts.base import Model


def who_function(stage: str) -> str:
    """The function's name: known without asking, because ingest is deployed after those who ask."""
    return f"halte-{stage}-ingest-who"


class WhoQuestion(Model):
    """`identifier` is a profile id (of before a merge, too), `kind:value`, or a bare value of any kind."""

    identifier: str


class WhoAnswer(Model):
    """The profile as it is now; empty: nobody is known by that."""

    profile_id: str = ""
