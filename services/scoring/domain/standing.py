"""What scoring knows of one profile, and what a write of it tells the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.scoring.domain.applied import AppliedVersions
from services.scoring.domain.facts import Tally
from services.scoring.domain.memory import Memory
from services.scoring.domain.permissions import Consents, Links
from services.scoring.domain.places import Place, Seat


@dataclass(frozen=True)
class Scored:
    """A model's score changed; an empty `model` says that only facts did."""

    model: str
    score: float
    previous: float


@dataclass(frozen=True)
class Moved:
    """A place was taken, changed or left at the moment its condition flipped; `None` is nowhere. A `silent` move is
    told to nobody. `agreed` is what the definition has for those who come to `after`, as JSON. `held_since` is when a
    stage that was left had been reached."""

    seat: Seat
    before: str | None
    after: str | None
    at: datetime
    silent: bool = False
    agreed: Mapping[str, Any] = field(default_factory=dict)
    held_since: datetime | None = None


@dataclass(frozen=True)
class Fired:
    """An event was a trigger of a table, and the person was in a position in which something is done about that:
    `reaction`, as JSON."""

    table: str
    trigger: str
    position: str
    message_id: str
    at: datetime
    reaction: Mapping[str, Any]


@dataclass(frozen=True)
class Heard:
    """An event passed a `listener` of journeys: the `key` that tells matters apart, and the properties `kept`."""

    listener: str
    message_id: str
    key: str
    kept: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True)
class Gone:
    """There is no such profile any more since `at`: it was merged `into` another, or erased (`into` is empty)."""

    into: str
    at: datetime

    @property
    def erased(self) -> bool:
        return not self.into


@dataclass(frozen=True)
class ProfileStanding:
    """The state of a profile after write `version`.

    `at` is when it was last judged, under `definitions`; `places` is where these put the person; `due_at` is where the
    due index has it (never later than the true flip). `memory` is complete for all that definitions of version
    `remembered` need. `scored` and `moved` are what this write changed, `fired` the triggers that it brought,
    `heard` what journeys listen to, `carried` the traits that journeys are told of where these changed (`None`: they
    did not). `since` is the version from which on the profile's history was last told anew, known since `since_at`.
    `accepted_at` is when the oldest event behind this write was accepted; nothing where time alone, an older history or
    a marketer was. What remains of a profile that is `gone` keeps late changes from bringing it back.

    `addresses` are the keys of the person's addresses by channel, and `consents` what is permitted there, both as far
    as definitions ask; `linked` is what this write changed of the addresses. `worth` is the customer value, by margin
    table; of who never bought there is none.
    """

    profile_id: str
    version: int
    at: datetime
    applied: AppliedVersions = field(default_factory=AppliedVersions)
    memory: Memory = field(default_factory=Memory)
    scores: Mapping[str, float] = field(default_factory=dict)
    places: Mapping[Seat, Place] = field(default_factory=dict)
    traits: Mapping[str, Any] = field(default_factory=dict)
    definitions: int = 0
    remembered: int = 0
    due_at: datetime | None = None
    scored: tuple[Scored, ...] = ()
    moved: tuple[Moved, ...] = ()
    fired: tuple[Fired, ...] = ()
    heard: tuple[Heard, ...] = ()
    carried: Mapping[str, Any] | None = None
    accepted_at: datetime | None = None
    since: int = 0
    since_at: datetime | None = None
    gone: Gone | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)
    consents: Consents = field(default_factory=dict)
    linked: Links | None = None
    worth: Mapping[str, float] = field(default_factory=dict)

    @property
    def tally(self) -> Tally:
        """The facts and counts remembered."""
        return self.memory.tally

    @property
    def facts(self) -> dict[str, Any]:
        """The facts as conditions and consumers see them."""
        return {**self.tally.facts(), **self.worth}

    @property
    def segments(self) -> dict[str, datetime]:
        """The segments the person is in, with when each was entered."""
        return {name: place.since for (kind, name, _), place in self.places.items() if kind == "segment"}

    def values(self, kind: str) -> dict[str, str]:
        """By name of a definition of a kind that knows no products: where the person is."""
        return {name: place.value for (of, name, _), place in self.places.items() if of == kind}

    @property
    def stages(self) -> dict[str, dict[str, Place]]:
        """The stage the person is in, by lifecycle and product ("": of the person)."""
        found: dict[str, dict[str, Place]] = {}
        for (kind, name, subject), place in self.places.items():
            if kind == "stage":
                found.setdefault(name, {})[subject] = place
        return found
