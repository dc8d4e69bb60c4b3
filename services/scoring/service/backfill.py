"""The use case of marketers who changed a definition: how far is everybody judged by it?"""

from __future__ import annotations

from typing import Any

from services.scoring.ports import DefinitionReader, Pass, Passed, Passes, Standings
from services.shared.clock import to_iso


class Backfill:
    """What the route `backfill` does."""

    def __init__(self, definitions: DefinitionReader, passes: Passes, standings: Standings) -> None:
        self._definitions = definitions
        self._passes = passes
        self._standings = standings

    def progress(self) -> dict[str, Any]:
        """`{"definitions", "under_way", "done"}`: the version of all definitions together, the pass that brings it to
        everybody (`None`: there is none), and the last one that came to its end."""
        # In this order: a pass that ends in between shows up twice rather than not at all.
        current, done = self._passes.current(), self._passes.done()
        return {
            "definitions": self._definitions.load().version,
            "under_way": self._under_way(current) if current else None,
            "done": _done(done) if done else None,
        }

    def _under_way(self, current: Pass) -> dict[str, Any]:
        """`of` is hours old, and more may have come since."""
        return {
            "definitions": current.definitions,
            "starts_at": to_iso(current.starts_at),
            "looked_at": current.looked_at,
            "of": max(self._standings.size(), current.looked_at + current.waiting),
            "waiting": current.waiting,
            "failed": current.failed,
        }


def _done(done: Passed) -> dict[str, Any]:
    return {
        "definitions": done.definitions,
        "at": to_iso(done.at),
        "looked_at": done.looked_at,
        "failed": done.failed,
    }
