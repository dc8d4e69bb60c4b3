"""A trace: what happened on walks, step by step, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from services.journeys.domain.moves import Ask
from services.shared.clock import to_iso

What = Literal["entered", "refused", "asked", "waits", "went", "heard", "moved", "merged", "left"]


@dataclass(frozen=True)
class Step:
    """At `at`, somebody (`profile`, on the walk of matter `key`) was at `node`, and this happened.

    `detail` is, by `what`: refused and left: the reason; asked: what for; waits: until when; went: where to; heard: the
    signal; moved: the new time; merged: the profile that goes on. `ask` is what is asked for and `enter` the journey
    that begins where this one ends, as the engine would tell them; they belong to no trace that is compared or kept.
    """

    at: datetime
    profile: str
    key: str
    node: str
    what: What
    detail: str = ""
    ask: Ask | None = field(default=None, compare=False, repr=False)
    enter: str = field(default="", compare=False, repr=False)

    def document(self) -> dict[str, str]:
        """As JSON."""
        said = (self.profile, self.key, self.node, self.what, self.detail)
        named = zip(("profile", "key", "node", "what", "detail"), said, strict=True)
        return {"at": to_iso(self.at), **dict(named)}


def to_text(steps: Iterable[Step]) -> str:
    """One aligned line a step: `2026-03-01 09:00:00  prf_1  cart-7  hello  asked  hello by email`."""
    rows = [
        (f"{s.at:%Y-%m-%d %H:%M:%S}", s.profile, s.key or "-", s.node or "-", s.what, s.detail) for s in steps
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(5)]
    return "".join(
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[5]]).rstrip()
        + "\n"
        for row in rows
    )


def to_json_lines(steps: Iterable[Step]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(step.document(), ensure_ascii=False) + "\n" for step in steps)
