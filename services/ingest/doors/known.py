"""What a process remembers of the registry of sources, so that the doors read it once a minute."""

from __future__ import annotations

import time
from collections.abc import Callable

from services.ingest.domain.intake import BusRules
from services.ingest.domain.sources import Key, Source, hash_key
from services.ingest.mappings import mapping_of
from services.ingest.ports import Sources
from services.shared.clock import Clock
from services.shared.errors import Unauthorized

KNOWN_SECONDS = 60
"""How long it believes what it has read: a removed source works that long, and a new declaration counts after it."""


class KnownKeys:
    """Keys and their sources, remembered for `KNOWN_SECONDS`; unknown keys are never remembered."""

    def __init__(self, sources: Sources, clock: Clock, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._sources = sources
        self._clock = clock
        self._elapsed = elapsed
        self._kept: dict[str, tuple[float, Source, Key]] = {}

    def admit(self, key: str) -> tuple[Source, Key]:
        """The source and what is kept of the key.

        Raises:
            Unauthorized: there is no key, nobody has it, or its time is over.
        """
        if not key:
            raise Unauthorized("no_write_key", "Authorization must be Basic with the write key as user name")
        key_hash = hash_key(key)
        kept = self._kept.get(key_hash)
        if kept is None or self._elapsed() - kept[0] >= KNOWN_SECONDS:
            self._kept.pop(key_hash, None)
            found = self._sources.admit(key_hash)
            if found is None:
                raise Unauthorized("bad_write_key", "the write key is not known")
            kept = self._kept[key_hash] = (self._elapsed(), *found)
        if not kept[2].is_valid(self._clock.now()):
            raise Unauthorized("expired_write_key", "the write key was rotated, and its time is over")
        return kept[1], kept[2]


class KnownRules:
    """What registered sources say of bus events, remembered for `KNOWN_SECONDS`; also that none speaks for a source."""

    def __init__(self, sources: Sources, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._sources = sources
        self._elapsed = elapsed
        self._kept: dict[str, tuple[float, BusRules | None]] = {}

    def __call__(self, bus_source: str) -> BusRules | None:
        kept = self._kept.get(bus_source)
        if kept is None or self._elapsed() - kept[0] >= KNOWN_SECONDS:
            source = self._sources.of_bus(bus_source)
            kept = self._kept[bus_source] = (self._elapsed(), _rules(source) if source else None)
        return kept[1]


def _rules(source: Source) -> BusRules:
    document = source.document
    return BusRules(
        source.source_id, document.event_schema, mapping_of(document), document.kind, document.region
    )
