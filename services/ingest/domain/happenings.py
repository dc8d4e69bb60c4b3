"""What people did, as the lake tells it: the little of each event that figures are made of."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.ingest.domain.lake import described
from services.shared.clock import from_iso

HIGHEST = 10
"""The best answer to whether somebody would recommend us."""

_AMOUNT = ("revenue", "total", "amount")


@dataclass(frozen=True, slots=True)
class Happening:
    """Something a person did; `amount` of money, 0 when it is about none; `score` is an answer's, 0 to 10, to the
    question `survey`."""

    person: str
    at: datetime
    name: str
    amount: float = 0.0
    score: float | None = None
    survey: str = ""


def happened(line: Mapping[str, Any]) -> Happening:
    """The event of a line of the lake that counts."""
    about = described(line, line["event"])
    properties = (line["event"] or {}).get("properties")
    said = properties if isinstance(properties, Mapping) else {}
    return Happening(
        sys.intern(
            str(line["profile_id"])
        ),  # of the same person and name there are many, held in memory once
        from_iso(str(about["at"])),
        sys.intern(str(about["name"])),
        amount_of(said),
        score_of(said),
        sys.intern(str(said.get("survey") or "")),
    )


def amount_of(properties: Mapping[str, Any]) -> float:
    """The money an event is about; 0 where it is none."""
    for name in _AMOUNT:
        if properties.get(name) not in (None, ""):
            try:
                return float(properties[name])
            except (TypeError, ValueError):
                return 0.0
    return 0.0


def score_of(properties: Mapping[str, Any]) -> float | None:
    """An answer of 0 to 10; `None` where there is none."""
    try:
        score = float(properties.get("score"))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return score if 0 <= score <= HIGHEST else None
