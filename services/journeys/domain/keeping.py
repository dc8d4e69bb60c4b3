"""What a walk keeps of the events it hears."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

KEPT_BYTES = 2048


def kept_with(kept: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept, with `more`: newer values replace older ones, and a value that would make it larger than 2 KB
    is left out."""
    found = dict(kept)
    for name, value in more.items():
        grown = {**found, name: value}
        if len(json.dumps(grown, ensure_ascii=False).encode()) <= KEPT_BYTES:
            found = grown
    return found
