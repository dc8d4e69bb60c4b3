"""The past of profiles, asked of ingest's function."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from services.scoring.domain.recalling import History
from services.shared.aws.clients import client
from services.shared.aws.functions import ask
from services.shared.contracts.history import HistoryAnswer, HistoryQuestion, ProfileHistory
from services.shared.contracts.ingest import CustomerEvent

MOST_ASKED = 100
"""Profiles in a question."""

_NEVER = 2**53
"""A version that no profile reaches."""


class IngestHistories:
    """Port `Histories`."""

    def __init__(self, function: str) -> None:
        self._function = function

    def of(self, profile_ids: Collection[str]) -> Mapping[str, History]:
        events: dict[str, list[tuple[int, list[CustomerEvent]]]] = {}
        traits: dict[str, Mapping[str, Any]] = {}
        wanted = dict.fromkeys(profile_ids, 0)
        found: dict[str, History] = {}
        while wanted:
            answer = self._ask(dict(list(wanted.items())[:MOST_ASKED]))
            if not answer:
                break  # the rest is not complete yet
            for profile_id, history in answer.items():
                events.setdefault(profile_id, []).extend((t.version, t.events) for t in history.told)
                traits[profile_id] = history.traits
                if history.more:
                    wanted[profile_id] = history.told[-1].version
                else:
                    del wanted[profile_id]
                    found[profile_id] = History(events[profile_id], traits[profile_id])
        return found

    def traits(self, profile_id: str) -> Mapping[str, Any] | None:
        """Port `TraitsOf`: without the past."""
        found = self._ask({profile_id: _NEVER}).get(profile_id)
        return found.traits if found else None

    def _ask(self, profiles: Mapping[str, int]) -> Mapping[str, ProfileHistory]:
        question = HistoryQuestion(profiles=dict(profiles))
        said = ask(client("lambda"), self._function, question.model_dump_json().encode())
        return HistoryAnswer.model_validate(said).histories
