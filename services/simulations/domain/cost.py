"""What walks and messages cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REFERENCE_NODES = 4
"""Nodes that a walk of the metered journey passes: wait, send, wait, send."""


@dataclass(frozen=True)
class Tariff:
    """US dollars: of an entry into the metered journey at the metered thousand a minute, and of an e-mail."""

    entry: float
    mail: float


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


def cost_of(entered: int, nodes: int, sent: Mapping[tuple[str, str], int], tariff: Tariff) -> Cost:
    """What `entered` walks over so many `nodes` cost, and what they send: a walk is dearer than that of the reference
    journey by as many times as it passes more nodes."""
    mails = sum(count for (_, channel), count in sent.items() if channel == "email")
    return Cost(
        walking=tariff.entry * max(entered, nodes / REFERENCE_NODES),
        mails=tariff.mail * mails,
        unpriced=sum(sent.values()) - mails,
    )
