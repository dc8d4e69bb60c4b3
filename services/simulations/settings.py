"""What each handler is told by its environment."""

from __future__ import annotations

from services.shared.settings import Settings


class OnSimulationsSettings(Settings):
    """Of `on_simulations`. Prices are US dollars: of a million entries into the metered journey, of a million
    e-mails."""

    lake_bucket: str
    lake_function: str
    usd_per_million_entries: float
    usd_per_million_mails: float
