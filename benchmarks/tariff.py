"""What simulations are charged: the meter's figure of an entry, and the price of an e-mail."""

from __future__ import annotations

import json

from benchmarks.prices import Prices
from benchmarks.results import FILE
from services.simulations.domain.cost import Tariff

METRIC = "usd_per_million_entries"


def metered() -> Tariff:
    """By what was measured last, and the project's one file of prices."""
    figures = {one["name"]: one for one in json.loads(FILE.read_text())}
    return Tariff(float(figures[METRIC]["value"]) / 1_000_000, Prices.load().usd("ses.mail", 1))
