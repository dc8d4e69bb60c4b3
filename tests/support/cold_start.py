"""All functions run in the one process of the tests: what each remembers between calls must be forgotten."""

from __future__ import annotations

import sys

from services.shared.aws import secrets


def begin_anew() -> None:
    """As if every function were started cold: nothing is prepared, and no client is connected."""
    for name, module in list(sys.modules.items()):
        if name.startswith("services.") and (".bootstrap" in name or name == "services.shared.aws.clients"):
            for made in vars(module).values():
                if hasattr(made, "cache_clear"):
                    made.cache_clear()
    secrets._kept.clear()
