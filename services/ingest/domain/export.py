"""The export of somebody with a long history: a job that goes through the stores a portion at a time, and whose parts
are complete together."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from services.ingest.domain.history import Signed
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.person import Met, Person
from services.shared.clock import from_iso, to_iso

Stage = Literal["timeline", "received", "about", "done"]
"""In this order: events as they are kept, as they came (day by day of the lake), and what is known of the person."""

FRESH = timedelta(hours=1)
"""How long a finished export is handed out before asking begins another."""

QUIET = timedelta(minutes=15)
"""A job that nobody has touched for so long has lost its message."""


@dataclass(frozen=True)
class ExportJob:
    """`tales` are the histories it reads: when they change (a merge, an un-merge) it begins anew. `cursor` is where
    the stage goes on, `days` those of the lake that are still to be read, `attempts` the times the lake was busy."""

    export_id: str
    profile_id: str
    requested_at: datetime
    touched_at: datetime
    tales: tuple[tuple[str, str], ...]
    stage: Stage = "timeline"
    cursor: str = ""
    parts: tuple[tuple[str, int], ...] = ()
    days: tuple[str, ...] = ()
    met: Met = field(default_factory=Met)
    unavailable: tuple[str, ...] = ()
    attempts: int = 0

    @property
    def is_done(self) -> bool:
        """Are all parts there?"""
        return self.stage == "done"

    def is_fresh(self, now: datetime) -> bool:
        """Is it what somebody who asks `now` is to get: under way, or just finished?"""
        return not self.is_done or now - self.touched_at < FRESH

    def is_stuck(self, now: datetime) -> bool:
        """Has it to be put in the queue again?"""
        return not self.is_done and now - self.touched_at > QUIET

    def on(self, person: Person) -> ExportJob:
        """The job as it goes on: from the start where the person's history is now told elsewhere."""
        if self.tales == tales(person):
            return self
        return begun(self.export_id, person, self.requested_at)

    def with_part(self, name: str, size: int) -> ExportJob:
        """With one more part of `size` bytes."""
        return replace(self, parts=(*self.parts, (name, size)))

    def shown(self) -> dict[str, Any]:
        """What whoever asked sees, but for the links."""
        return {
            "export_id": self.export_id,
            "profile_id": self.profile_id,
            "status": "done" if self.is_done else "running",
            "requested_at": to_iso(self.requested_at),
            "unavailable": list(self.unavailable),
        }

    def to_json(self) -> str:
        """The text that `from_json` reads."""
        met = self.met
        named = [[i.key, to_iso(at), source] for i, (at, source) in met.first_named.items()]
        return json.dumps(
            {
                "export_id": self.export_id,
                "profile_id": self.profile_id,
                "requested_at": to_iso(self.requested_at),
                "touched_at": to_iso(self.touched_at),
                "tales": self.tales,
                "stage": self.stage,
                "cursor": self.cursor,
                "parts": self.parts,
                "days": self.days,
                "met": [named, dict(met.directions), dict(met.channels), dict(met.needs)],
                "unavailable": self.unavailable,
                "attempts": self.attempts,
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> ExportJob:
        """The job that `to_json` wrote."""
        kept = json.loads(text)
        named, directions, channels, needs = kept["met"]
        first = {Identifier.from_key(key): (from_iso(at), source) for key, at, source in named}
        return cls(
            export_id=kept["export_id"],
            profile_id=kept["profile_id"],
            requested_at=from_iso(kept["requested_at"]),
            touched_at=from_iso(kept["touched_at"]),
            tales=tuple((profile_id, tale) for profile_id, tale in kept["tales"]),
            stage=kept["stage"],
            cursor=kept["cursor"],
            parts=tuple((name, size) for name, size in kept["parts"]),
            days=tuple(kept["days"]),
            met=Met(first, directions, channels, needs),
            unavailable=tuple(kept["unavailable"]),
            attempts=kept["attempts"],
        )


def begun(export_id: str, person: Person, now: datetime) -> ExportJob:
    """A job that has done nothing yet."""
    at = from_iso(to_iso(now))
    return ExportJob(export_id, person.profile_id, at, at, tales(person))


def tales(person: Person) -> tuple[tuple[str, str], ...]:
    """Where a person's history lies."""
    return tuple((strip.profile_id, strip.tale) for strip in person.strips)


def lake_days(person: Person, events: Iterable[Signed]) -> set[str]:
    """Days of the lake that may hold these events, which are those of processing: the day of receipt, or the next."""
    first = {one.received_at.date() for one in events}
    if person.created_at:
        first.add(person.created_at.date())
    return {str(day + timedelta(days=more)) for day in first for more in (0, 1)}
