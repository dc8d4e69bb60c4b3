"""What is known of journeys at the moment somebody looks: asked of the marketers' API, and of the observer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

from halte.marketers import Marketers
from local.journey_counts import Told, told_of
from local.tap import Tap
from services.journeys.domain.document import Document

ROUNDS = 20
"""How often counting that takes longer than one answer is gone on with."""

LEAVERS = 20
"""People who left that are shown."""


class HasTime(Protocol):
    """A clock."""

    def now(self) -> datetime: ...


@dataclass(frozen=True)
class Journey:
    """A journey as it runs: `status` and `participants` are the API's answers, `told` is of `document`'s version,
    `refused` are entries that were not let in, by reason, and `leavers` the exits told last."""

    document: Document
    version: int
    at: datetime
    status: Mapping[str, Any]
    participants: Sequence[Mapping[str, Any]]
    more: bool
    told: Told
    refused: Mapping[str, int]
    leavers: Sequence[Mapping[str, Any]]


class LiveJourneys:
    """Asks anew each time; nothing is kept."""

    def __init__(self, api: Marketers, tap: Tap, clock: HasTime) -> None:
        self._api = api
        self._tap = tap
        self._clock = clock

    def all(self) -> list[Mapping[str, Any]]:
        """The newest version of each journey, as the API says.

        Raises:
            Refused: the API did not answer.
        """
        return list(self._api.call("GET", "/journeys")["journeys"])

    def one(self, name: str) -> Journey:
        """A journey that is known.

        Raises:
            Refused: there is none, or the API did not answer.
        """
        shown = self._api.call("GET", f"/journeys/{name}")
        status = self._status(name)
        listed = self._api.call("GET", f"/journeys/{name}/participants")
        exited = [row for row in list(self._tap.exited.values()) if row["journey"] == name]
        version = int(shown["version"])
        refused = [row for row in list(self._tap.refused.values()) if row["journey"] == name]
        return Journey(
            document=Document.model_validate(shown["document"]),
            version=version,
            at=self._clock.now(),
            status=status,
            participants=listed["participants"],
            more=listed["cursor"] is not None,
            told=told_of(
                name,
                version,
                list(self._tap.entered.values()),
                list(self._tap.requested.values()),
                exited,
            ),
            refused=Counter(str(row["reason"]) for row in refused),
            leavers=exited[: -LEAVERS - 1 : -1],
        )

    def trace(self, name: str, profile_id: str) -> Mapping[str, Any]:
        """One person's way through a journey.

        Raises:
            Refused: they never were near it, or the API did not answer.
        """
        return self._api.call("GET", f"/profiles/{profile_id}/journeys/{name}/trace")

    def walked_by(self, profile_id: str) -> list[Mapping[str, Any]]:
        """The journeys that a person walks, or has walked.

        Raises:
            Refused: the API did not answer.
        """
        return list(self._api.call("GET", f"/profiles/{profile_id}/journeys")["journeys"])

    def _status(self, name: str) -> dict[str, Any]:
        """The status with every version counted to its end, or as far as `ROUNDS` go."""
        status = self._api.call("GET", f"/journeys/{name}/status")
        versions = [self._whole(name, one) for one in status["versions"]]
        return {**status, "versions": versions}

    def _whole(self, name: str, counted: Mapping[str, Any]) -> dict[str, Any]:
        whole = dict(counted)
        for _ in range(ROUNDS):
            if whole["complete"]:
                break
            path = f"/journeys/{name}/status?version={whole['version']}&cursor={quote(whole['cursor'])}"
            (rest,) = self._api.call("GET", path)["versions"]
            whole = {
                **rest,
                "people": whole["people"] + rest["people"],
                "nodes": dict(Counter(whole["nodes"]) + Counter(rest["nodes"])),
                "cohorts": dict(Counter(whole["cohorts"]) + Counter(rest["cohorts"])),
                "stuck": [*whole["stuck"], *rest["stuck"]],
            }
        return whole
