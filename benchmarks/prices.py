"""Prices, from the one dated file beside this module."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("prices.json")


@dataclass(frozen=True)
class Prices:
    """US dollars per million of each unit, in one region on one day."""

    as_of: str
    region: str
    usd_per_million: Mapping[str, float]

    @classmethod
    def load(cls) -> Prices:
        """The prices of `prices.json`."""
        given = json.loads(FILE.read_text())
        return cls(given["as_of"], given["region"], given["usd_per_million"])

    def usd(self, unit: str, amount: float) -> float:
        """What an amount of a unit costs.

        Raises:
            KeyError: the unit has no price.
        """
        return amount * self.usd_per_million[unit] / 1_000_000
