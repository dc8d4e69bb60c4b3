"""Mappings that ship with ingest, one JSON document each: what common systems send, as they usually send it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from services.ingest.domain.mapping import SourceMapping
from services.ingest.domain.sources import SourceDocument
from services.shared.errors import Invalid

_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")


@cache
def shipped(name: str) -> SourceMapping:
    """The mapping of that name.

    Raises:
        Invalid: `unknown_mapping`.
    """
    path = Path(__file__).parent / f"{name}.json"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise Invalid("unknown_mapping", "no mapping of this name ships with Halte")
    return SourceMapping.model_validate_json(path.read_bytes())


def mapping_of(document: SourceDocument) -> SourceMapping | None:
    """A source's mapping, whether it brings or names it.

    Raises:
        Invalid: `unknown_mapping`.
    """
    return shipped(document.mapping) if isinstance(document.mapping, str) else document.mapping
