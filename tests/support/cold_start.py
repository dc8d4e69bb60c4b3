"""All functions run in the one process of the tests: what each remembers between calls must be forgotten."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import services
from services.shared.aws import secrets

_CACHED = type(cache(len))


def begin_anew() -> None:
    """As if every function were started cold: nothing is prepared, and no client is connected. What those modules
    only take from others stays: it is read from files of the service."""
    for name in _remembering():
        if name in sys.modules:
            for made in vars(sys.modules[name]).values():
                if isinstance(made, _CACHED) and made.__module__ == name:
                    made.cache_clear()
    secrets._kept.clear()


@cache
def _remembering() -> list[str]:
    """The modules that prepare something once for the life of a process."""
    root = Path(str(services.__file__)).parent
    files = [path.relative_to(root.parent).with_suffix("") for path in root.rglob("*.py")]
    names = [".".join(file.parts).removesuffix(".__init__") for file in files]
    return [name for name in names if ".bootstrap" in name or name == "services.shared.aws.clients"]
