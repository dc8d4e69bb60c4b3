"""What ingest answers about the past of profiles: asked by a service that has to remember more than it did, as a direct
invocation of the function `history_function`."""

from __future__ import annotations

from typing import Any

from services.shared.contracts.base import Model
from services.shared.contracts.ingest import CustomerEvent


def history_function(stage: str) -> str:
    """The function's name: known without asking, because ingest is deployed after those who ask."""
    return f"halte-{stage}-ingest-history"


class HistoryQuestion(Model):
    """Profiles, and for each the version after which its past is wanted (0: from the beginning)."""

    profiles: dict[str, int]


class ToldVersion(Model):
    """The events of one version, in time order: as `ProfileChange` told them."""

    version: int
    events: list[CustomerEvent]


class ProfileHistory(Model):
    """A stretch of a profile's past, by version, and its traits as they stand. `more`: ask again, after the last."""

    told: list[ToldVersion] = []
    traits: dict[str, Any] = {}
    more: bool = False


class HistoryAnswer(Model):
    """Histories as far as they fit into an answer. Who was asked for and is missing: ask again."""

    histories: dict[str, ProfileHistory]
