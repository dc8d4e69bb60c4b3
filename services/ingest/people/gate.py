"""Keeps events of erased people out, at the price of a read only for identifiers that nobody has."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from services.ingest.domain.erased import Sifted, sift, suspects
from services.ingest.domain.history import Signed
from services.ingest.domain.identifiers import Identifier
from services.ingest.people.ports import Tombstones


class Gate:
    """Stands between reading events and recognising whose they are."""

    def __init__(self, tombstones: Tombstones) -> None:
        self._tombstones = tombstones

    def __call__(self, signed: Sequence[Signed], known: Collection[Identifier]) -> Sifted:
        """Which of `signed` may go on, where `known` are the identifiers that somebody has."""
        doubtful = suspects(signed, known)
        return sift(signed, known, self._tombstones.of(doubtful) if doubtful else {})
