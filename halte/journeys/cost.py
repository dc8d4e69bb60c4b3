"""What walks and messages cost, by the meter's figures and the project's one file of prices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.prices import Prices
from benchmarks.results import FILE

METRIC = "usd_per_million_entries"
REFERENCE_NODES = 4
"""Nodes that a walk of the metered journey passes: wait, send, wait, send."""


@dataclass(frozen=True)
class Cost:
    """US dollars: of walking, of e-mails; `unpriced` are messages by channels of which no price is known."""

    walking: float
    mails: float
    unpriced: int

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "walking": round(self.walking, 6),
            "mails": round(self.mails, 6),
            "unpriced_messages": self.unpriced,
        }


def cost_of(entered: int, nodes: int, sent: Mapping[tuple[str, str], int]) -> Cost:
    """What `entered` walks over so many `nodes` cost at the metered thousand entries a minute, and what they send: a
    walk is dearer than that of the reference journey by as many times as it passes more nodes."""
    figures = {one["name"]: one for one in json.loads(FILE.read_text())}
    an_entry = float(figures[METRIC]["value"]) / 1_000_000
    mails = sum(count for (_, channel), count in sent.items() if channel == "email")
    return Cost(
        walking=an_entry * max(entered, nodes / REFERENCE_NODES),
        mails=Prices.load().usd("ses.mail", mails),
        unpriced=sum(sent.values()) - mails,
    )
