"""What ingest answers about what everybody did: asked by a service that wants to know what would have come of it, as a
direct invocation of the function `lake_function` with `{"past": question}`."""

from __future__ import annotations

from typing import Any

from services.shared.contracts.base import Instant, Model


def lake_function(stage: str) -> str:
    """The function's name: known without asking, because ingest is deployed after those who ask."""
    return f"halte-{stage}-ingest-lake"


class PastQuestion(Model):
    """What happened from `since` on and before `until`, and what people told of themselves before that. `after` is the
    place at which an answer ended."""

    since: Instant
    until: Instant
    after: str = ""


class PastLine(Model):
    """Something that a person (as of today: absorbed profiles' are their winner's) did, or told of themselves: then it
    is `identify`, and `properties` are traits."""

    person: str
    type: str
    event: str
    at: Instant
    properties: dict[str, Any] = {}


class PastAnswer(Model):
    """Lines in the order of the lake; ask again behind `after` unless it is empty. `busy`: a day is being changed, ask
    again."""

    lines: list[PastLine] = []
    after: str = ""
    busy: bool = False
