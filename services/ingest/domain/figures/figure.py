"""An answer that took a while: what was asked, since when it is being counted, and what was found last."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.ingest.domain.figures.questions import Question, read_question
from services.shared.clock import from_iso, to_iso

FIGURES = "figures/"
"""Where they are kept in the lake's bucket."""

FRESH = timedelta(hours=1)
"""How old an answer may be before asking for it has it counted anew."""

QUIET = timedelta(minutes=16)
"""Whoever counts has 15 minutes: after these nobody is at it any more."""


@dataclass(frozen=True)
class Figure:
    """`rows` as they were counted at `counted_at`; `None`: never yet."""

    question: Question
    asked_at: datetime
    counted_at: datetime | None = None
    rows: Sequence[Mapping[str, Any]] = ()

    def wants_counting(self, now: datetime) -> bool:
        """Is what there is too old, and nobody at it?"""
        if self.counted_at is not None and now - self.counted_at < FRESH:
            return False
        under_way = self.counted_at is None or self.asked_at > self.counted_at
        return not under_way or now - self.asked_at > QUIET

    def to_json(self) -> str:
        """The text that `from_json` reads."""
        counted_at = to_iso(self.counted_at) if self.counted_at else None
        return json.dumps(
            {
                "question": self.question.model_dump(mode="json"),
                "asked_at": to_iso(self.asked_at),
                "counted_at": counted_at,
                "rows": list(self.rows),
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Figure:
        """The figure that `to_json` wrote."""
        kept = json.loads(text)
        counted_at = from_iso(kept["counted_at"]) if kept["counted_at"] else None
        return cls(read_question(kept["question"]), from_iso(kept["asked_at"]), counted_at, kept["rows"])
