"""What scoring answers about who is in a segment, and what it knows of people: asked by a service that is to address
them, as a direct invocation of the function `audience_function`."""

from __future__ import annotations

from services.shared.contracts.base import Instant, Model
from services.shared.contracts.scoring import Standing

PARTS = 8
"""Every list of members is cut into so many parts, by the profile's id: they can be read side by side, and each is a
fair sample of the whole."""

MOST = 200
"""People in a question or an answer: their standings fit into it."""


def audience_function(stage: str) -> str:
    """The function's name: known without asking, so that nobody waits for the other's deployment."""
    return f"halte-{stage}-scoring-audience"


class AudienceQuestion(Model):
    """Those in `segment`: of part `part`, behind `after`, `limit` at most. Without a segment: those of
    `profile_ids`."""

    segment: str = ""
    part: int = 0
    after: str = ""
    limit: int = MOST
    profile_ids: list[str] = []


class Present(Model):
    """Somebody who is in the segment as of now, listed there `since` then (nothing where no segment was asked for)."""

    standing: Standing
    since: Instant | None = None


class AudienceAnswer(Model):
    """Those asked for, by id; ask again behind `after` unless it is empty. `known`: there is such a segment."""

    known: bool = True
    people: list[Present] = []
    after: str = ""
