"""What journeys keep of people: scoring's view of them, their traits, and what was heard of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from services.journeys.domain.merging import Gone
from services.shared.contracts.scoring import Carried, Standing


class Standings(Protocol):
    """What journeys keeps of scoring's view of people: the newest."""

    def keep(self, standings: Iterable[Standing]) -> dict[str, Standing]:
        """Store those (one a profile) that are newer than what is there; the newest by profile, without those that
        are gone."""
        ...

    def find(self, profile_ids: Iterable[str]) -> dict[str, Standing]:
        """By profile, as of now, without those that are gone."""
        ...

    def leave(self, profile_id: str, gone: Gone) -> bool:
        """Note that a profile is gone, instead of its standing; `False`: it was given back since."""
        ...

    def gone(self, profile_id: str) -> Gone | None:
        """What became of a profile that is gone, as of now."""
        ...


@dataclass(frozen=True)
class Noise:
    """Something that was heard of a person at `at`: a signal, about the matter `key`, with what is kept of it;
    `version` as that of `signals.Told`."""

    profile_id: str
    signal: str
    key: str
    at: datetime
    kept: Mapping[str, Any]
    version: int = 0


class Known(Protocol):
    """What journeys has been told of people besides scoring's view: traits, and events."""

    def keep_traits(self, carried: Carried) -> bool:
        """Take traits over, unless those here are as new; were they?"""
        ...

    def traits(self, profile_ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """Traits by profile, as of now."""
        ...

    def note(self, noises: Iterable[Noise]) -> None:
        """Remember the newest of each signal and matter for a while: facts come in any order, and a walk may begin
        after what it would have heard."""
        ...

    def noted(self, profile_id: str) -> list[Noise]:
        """What was heard of a person lately, as of now."""
        ...
