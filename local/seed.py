"""Seeds the demo by the marketers' HTTP API: what a marketer would send, from the documents in `local/seeds`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from halte.marketers import Marketers
from local.preflight import ROOT

SEEDS = ROOT / "local" / "seeds"
SOURCE = "web-shop"
ORDER = (
    "purposes",
    "score-models",
    "fit-models",
    "strategies",
    "segments",
    "stages",
    "templates",
    "journeys",
)
"""Journeys last: they refer to the rest."""


def documents(folder: Path = SEEDS) -> list[tuple[str, dict[str, Any]]]:
    """Every document of the demo with its path on the API, in the order they must be sent."""
    found = []
    for kind in ORDER:
        for file in sorted((folder / kind).glob("*.json")):
            found.append((f"/{kind}/{file.stem}", json.loads(file.read_text())))
    return found


def seed(api: Marketers) -> str:
    """Send every document and register the shop as a source; its write key.

    Raises:
        Refused: the API said no to something.
    """
    for path, document in documents():
        api.call("PUT", path, document)
    return str(api.call("PUT", f"/sources/{SOURCE}", {"name": "The web shop"})["write_key"])
