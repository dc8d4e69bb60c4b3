"""Marketers' side: sources with their write keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from services.ingest.accept import hash_key
from services.ingest.ports import Source, Sources
from services.shared.clock import Clock
from services.shared.errors import Invalid

_SOURCE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
PROFILE_PREFIX = "prf_"


class SourceRegistry:
    """Registers client systems."""

    def __init__(self, *, sources: Sources, clock: Clock, new_key: Callable[[], str]) -> None:
        self._sources = sources
        self._clock = clock
        self._new_key = new_key

    def put(self, source_id: str, body: dict[str, Any]) -> tuple[bool, dict[str, str]]:
        """Create or rename a source: whether it is new, and what to answer. Only the creation tells the write key.

        Raises:
            Invalid: the id or the name is malformed.
        """
        if not _SOURCE_ID.fullmatch(source_id):
            raise Invalid("bad_source_id", "id is not 1 to 63 lower-case letters, digits, - and _")
        name = body.get("name", source_id)
        if not isinstance(name, str) or not 1 <= len(name) <= 200:
            raise Invalid("bad_name", "name is not text of 1 to 200 characters")
        write_key = self._new_key()
        source = Source(source_id, name, self._clock.now())
        if self._sources.add(source, hash_key(write_key)):
            return True, {"id": source_id, "name": name, "write_key": write_key}
        self._sources.rename(source_id, name)
        return False, {"id": source_id, "name": name}
