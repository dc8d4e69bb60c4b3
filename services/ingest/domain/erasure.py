"""An erasure: who is to be forgotten, how far each stage is, and the receipt that remains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.ingest.domain.forget import Subject
from services.shared.clock import to_iso

FIRST, SECOND = "first", "second"
"""The two readings of what other functions may still be writing to, as a stage's cursor begins."""

FIRST_WAIT_SECONDS = 60
LONGEST_WAIT_SECONDS = 900
"""As long as a function can run: what was under way in one reading has ended by the second. SQS holds nothing back
for longer."""


@dataclass(frozen=True)
class Progress:
    """A stage: how many records of each store it has forgotten, whether it is done, where it goes on, and what kept
    it from being done last time (an exception's name)."""

    stores: Mapping[str, int] = field(default_factory=dict)
    done: bool = False
    cursor: str = ""
    waiting_for: str = ""
    attempts: int = 0


@dataclass(frozen=True)
class Erasure:
    """`subject` stands in it only while it runs; `finished_at` ends it."""

    erasure_id: str
    profile_id: str
    requested_at: datetime
    subject: Subject | None = None
    stages: Mapping[str, Progress] = field(default_factory=dict)
    finished_at: datetime | None = None
    profile_ids: tuple[str, ...] = ()

    def receipt(self) -> dict[str, Any]:
        """What `GET /erasures/{id}` shows; nothing personal in it."""
        return {
            "erasure_id": self.erasure_id,
            "status": "done" if self.finished_at else "running",
            "requested_at": to_iso(self.requested_at),
            "finished_at": to_iso(self.finished_at) if self.finished_at else None,
            "profile_ids": list(self.profile_ids or (self.profile_id,)),
            "stages": {
                name: {
                    "done": stage.done,
                    "forgotten": dict(sorted(stage.stores.items())),
                    **(
                        {"waiting_for": stage.waiting_for, "attempts": stage.attempts}
                        if stage.waiting_for
                        else {}
                    ),
                }
                for name, stage in sorted(self.stages.items())
            },
        }

    def wait_seconds(self) -> int:
        """Until the next round: the longest before a second reading, else doubled with each attempt."""
        waiting = [stage for stage in self.stages.values() if not stage.done]
        if any(stage.cursor.startswith(SECOND) for stage in waiting):
            return LONGEST_WAIT_SECONDS
        attempts = max((stage.attempts for stage in waiting), default=0)
        return int(min(FIRST_WAIT_SECONDS * 2 ** min(attempts, 10), LONGEST_WAIT_SECONDS))
