"""What people do in a simulation, in the order of time: made up, or as it once happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.shared.contracts.ingest import CallType
from services.simulations.domain.world import World


@dataclass(frozen=True)
class Deed:
    """At `at` somebody does `event`, has other `traits`, or (`purpose`) takes back a permission for e-mail."""

    at: datetime
    who: str
    event: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    type: CallType = "track"
    traits: Mapping[str, Any] = field(default_factory=dict)
    purpose: str = ""

    def happen(self, world: World) -> None:
        """It is told."""
        if self.traits:
            world.become(self.who, self.traits)
        if self.purpose:
            world.allow(self.who, self.purpose, "email", "revoked")
        if self.event:
            world.do(self.who, self.event, self.properties, self.at, self.type)


@dataclass(frozen=True)
class Being:
    """Somebody of a simulation, as they are when it begins, and all that they do unasked."""

    who: str
    traits: Mapping[str, Any]
    consents: Mapping[str, Mapping[str, str]]
    deeds: tuple[Deed, ...]
