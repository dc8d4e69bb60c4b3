"""All functions run in the one process of the tests: what each remembers between calls must be forgotten."""

from __future__ import annotations

import sys
from functools import cache

from services.shared.aws import secrets

_CACHED = type(cache(len))


def begin_anew() -> None:
    """As if every function were started cold: nothing is prepared, and no client is connected. What those modules
    only take from others stays: it is read from files of the service."""
    for name, module in list(sys.modules.items()):
        if name.startswith("services.") and (".bootstrap" in name or name == "services.shared.aws.clients"):
            for made in vars(module).values():
                if isinstance(made, _CACHED) and made.__module__ == name:
                    made.cache_clear()
    secrets._kept.clear()
