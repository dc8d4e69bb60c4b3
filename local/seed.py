"""Seeds the demo by the marketers' HTTP API: what a marketer would send, from the documents in `local/seeds`."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.preflight import ROOT

SEEDS = ROOT / "local" / "seeds"
SOURCE = "web-shop"
ORDER = ("purposes", "score-models", "segments", "stages", "templates", "journeys")
"""Journeys last: they refer to the rest."""


class SeedFailed(Exception):
    """The API refused a document."""


@dataclass(frozen=True)
class MarketersApi:
    """The marketers' API with its key."""

    url: str
    key: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON answer of a request.

        Raises:
            SeedFailed: the answer is an error; the message holds the API's own.
        """
        request = urllib.request.Request(
            f"{self.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:1000]
            raise SeedFailed(f"{method} {path} answered {error.code}: {said}") from error


def documents(folder: Path = SEEDS) -> list[tuple[str, dict[str, Any]]]:
    """Every document of the demo with its path on the API, in the order they must be sent."""
    found = []
    for kind in ORDER:
        for file in sorted((folder / kind).glob("*.json")):
            found.append((f"/{kind}/{file.stem}", json.loads(file.read_text())))
    return found


def seed(api: MarketersApi) -> str:
    """Send every document and register the shop as a source; its write key.

    Raises:
        SeedFailed: the API refused something.
    """
    for path, document in documents():
        api.call("PUT", path, document)
    return str(api.call("PUT", f"/sources/{SOURCE}", {"name": "The web shop"})["write_key"])
