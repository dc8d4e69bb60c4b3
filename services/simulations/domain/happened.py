"""What comes of journeys, as people talk of it: messages, tasks, entries and ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Kind = Literal["entered", "refused", "messages", "held", "skipped", "updates", "tasks", "webhooks", "exits"]

HEADLINE: Mapping[Kind, str] = {
    "entered": "journey",
    "refused": "reason",
    "messages": "template",
    "held": "template",
    "skipped": "template",
    "updates": "traits",
    "tasks": "title",
    "webhooks": "sink",
    "exits": "reason",
}
"""By kind, the field that says the most."""


@dataclass(frozen=True)
class Happened:
    """One thing that came of `journey` for `who`. `said` has the fields of its kind: `template`, `channel`, `reason`,
    `rule` (of contact pressure, such as `2 in P1D`), `traits`, `title`, `owner`, `task` (call, print, sales), `sink`,
    and `node` and `key` (the walk's matter) where there are any."""

    kind: Kind
    at: datetime
    who: str
    journey: str
    said: Mapping[str, Any] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """All of it, times as ISO text to the second."""
        return {"who": self.who, "journey": self.journey, "at": f"{self.at:%Y-%m-%dT%H:%M:%S}", **self.said}

    def told(self) -> str:
        """In a line."""
        said = dict(self.said)
        head = said.pop(HEADLINE[self.kind], self.journey)
        rest = " ".join(f"{name}={value}" for name, value in said.items() if value != "" and name != "node")
        return f"{self.at:%Y-%m-%d %H:%M:%S}  {self.who}: {head} {rest} ({self.journey})".replace("  (", " (")
